/** Parameters against the contract, at the edge; behind it they are trusted. */

import { TaskmasterError } from '../../errors.ts';
import { type ParameterProblem, validators } from '../../generated/validate-rpc.js';
import type { MethodName } from './contract.ts';

/** Throws `bad-arguments` saying which parameter is wrong and what it must be. */
export function validateParams(method: MethodName, params: unknown): void {
  const check = validators[method];
  if (check === undefined) throw new TaskmasterError('internal', `no validator for ${method}`);
  if (check(params)) return;
  const [problem] = check.errors ?? [];
  const said = problem === undefined ? 'the parameters are wrong' : inWords(problem);
  throw new TaskmasterError('bad-arguments', `${method}: ${said}`, { details: { method } });
}

function inWords({ instancePath, keyword, params, message }: ParameterProblem): string {
  const place = instancePath === '' ? 'the parameters' : instancePath.slice(1).replaceAll('/', '.');
  switch (keyword) {
    case 'additionalProperties':
      return `there is no parameter ${JSON.stringify(String(params.additionalProperty).slice(0, 64))}`;
    case 'required':
      return `the parameter ${JSON.stringify(params.missingProperty)} is missing`;
    case 'enum':
      return `${place} must be one of ${(params.allowedValues as readonly unknown[]).join(', ')}`;
    case 'pattern':
      return `${place} must be one line that is neither empty nor too long for what it is`;
    default:
      return `${place} ${message ?? 'is wrong'}`;
  }
}
