/** Compiles the parameter schemas of the RPC contract to plain code, so that the engine never loads ajv. */

import { Ajv, type Options } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { METHODS } from '../rpc/contract/contract.ts';

const OPTIONS: Options = {
  code: { source: true, esm: true, lines: true },
  strict: true,
  allowUnionTypes: true,
};

/** @returns the text of `validate-rpc.js` and of its declarations. */
export function compileRpcValidators(): { readonly code: string; readonly declarations: string } {
  const ajv = new Ajv(OPTIONS);
  const exports: Record<string, string> = {};
  const entries: string[] = [];
  for (const [method, { params }] of Object.entries(METHODS)) {
    const identifier = `check_${method.replaceAll('.', '_')}`;
    // A copy: ajv writes a schema that two methods share twice under one name.
    ajv.addSchema(structuredClone(params), method);
    exports[identifier] = method;
    entries.push(`  ${JSON.stringify(method)}: ${identifier},`);
  }
  const compiled = standalone.default(ajv, exports);
  if (/\brequire\(/.test(compiled)) throw new Error('the RPC validators need a helper of ajv at run time');
  return {
    code: `${compiled}\nexport const validators = {\n${entries.join('\n')}\n};\n`,
    declarations: DECLARATIONS,
  };
}

const DECLARATIONS = `export interface ParameterProblem {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}
export interface ParameterCheck {
  (params: unknown): boolean;
  errors?: readonly ParameterProblem[] | null;
}
export declare const validators: Readonly<Record<string, ParameterCheck>>;
`;
