import type { Value } from '../value/index.ts';
import type { BuiltinContext } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { readYaml } from './yaml-read.ts';
import { yamlText } from './yaml-write.ts';

/** YAML, of which only what JSON has is kept. Source: OPA's `topdown/encoding.go`, `internal/yaml`. */
export const YAML: Family = {
  'yaml.marshal': (_context, value: Value) => yamlText(value),
  'yaml.unmarshal': (_context, text: string) => readYaml(text),
  'yaml.is_valid': {
    call: (_context: BuiltinContext, text: Value) =>
      typeof text === 'string' && !(readYaml(text.replace(/[\u2028\u2029]/g, '\n')) instanceof BuiltinError),
    checked: 0,
  },
};
