/** The configuration's schema to a module with one validating function that needs nothing at run time. */

import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { configSchema } from '../config/schema/schema.ts';
import { isSchemaObject, withDefinitions, withoutAnnotations } from './shrink-schema.ts';

/** @returns the module's code and its types; throws where the schema is wrong or the code would need ajv. */
export function compileConfigValidator(): { code: string; declarations: string } {
  const ajv = new Ajv({
    code: { source: true, esm: true, lines: true, optimize: 2 },
    // A function for each definition: the module is small, and V8 compiles only what a document needs.
    inlineRefs: false,
    allErrors: true,
    messages: false,
    allowUnionTypes: true,
    // A keyword for strings beside one for objects is how we write unions.
    strictTypes: false,
    useDefaults: true,
  });
  const schema = withDefinitions(withoutAnnotations(configSchema));
  if (!isSchemaObject(schema)) throw new TypeError('the schema is no object');
  ajv.addSchema(schema, 'validateConfig');
  // A CommonJS module: TypeScript sees its `default` export below the one that Node makes.
  const generated = standalone.default(ajv, { validateConfig: 'validateConfig' });
  if (/\brequire\(/.test(generated)) throw new Error('the validator would load ajv at run time');
  const code = `/* Generated from the schema; do not edit. */\n${shortened(generated)}\n`;
  return { code, declarations: DECLARATIONS };
}

/** Errors whose message goes by place and keyword alone. */
const ERRORS_WITHOUT_PARAMETERS =
  /^(const err\d+ = \{.*,keyword:"(?:type|pattern|enum|minimum|maximum|minItems|maxItems)"),params:.*?(,propertyName:\w+)?\};$/gm;
const ERROR_ADDED =
  /if\(vErrors === null\)\{\s*vErrors = \[(err\d+)\];\s*\}\s*else \{\s*vErrors\.push\(\1\);\s*\}/g;

/** Leaves out what no message uses: half of the code makes errors, and V8 compiles it at every start. */
function shortened(code: string): string {
  const short = code
    .replace(ERRORS_WITHOUT_PARAMETERS, '$1,params:{}$2};')
    .replace(/,schemaPath:"[^"]*"/g, '')
    .replace(ERROR_ADDED, 'vErrors = withError(vErrors, $1);');
  return `${short}\nfunction withError(errors, error) {\nreturn errors === null ? [error] : (errors.push(error), errors);\n}`;
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
