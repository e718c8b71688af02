/** The configuration's schema to a module with one validating function that needs nothing at run time. */

import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { configSchema } from '../config/schema.ts';
import { isSchemaObject, withoutAnnotations, withSharedDefinitions } from './shrink-schema.ts';

/** @returns the module's code and its types; throws where the schema is wrong or the code would need ajv. */
export function compileConfigValidator(): { code: string; declarations: string } {
  const ajv = new Ajv({
    code: { source: true, esm: true, lines: true, optimize: 2 },
    // Shared definitions as functions of their own make the module ten times smaller than with each copied.
    inlineRefs: false,
    allErrors: true,
    messages: false,
    allowUnionTypes: true,
    // A keyword for strings beside one for objects is how we write unions.
    strictTypes: false,
    useDefaults: true,
  });
  const schema = withSharedDefinitions(withoutAnnotations(configSchema));
  if (!isSchemaObject(schema)) throw new TypeError('the schema is no object');
  ajv.addSchema(schema, 'validateConfig');
  // A CommonJS module: TypeScript sees its `default` export below the one that Node makes.
  const generated = standalone.default(ajv, { validateConfig: 'validateConfig' });
  if (/\brequire\(/.test(generated)) throw new Error('the validator would load ajv at run time');
  return {
    code: `/* Generated from the schema; do not edit. */\n${generated}\n`,
    declarations: DECLARATIONS,
  };
}

const DECLARATIONS = `/* Generated from the schema; do not edit. */
export interface ValidationError {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
  propertyName?: string;
}
export declare const validateConfig: {
  (value: unknown): boolean;
  errors?: ValidationError[] | null;
};
`;
