import type { Json, JsonObject } from '@writ/decision';
import { printable } from './findings.ts';

/** One member of a definition that is not what it was. */
export interface DefinitionChange {
  /** JSON Pointer into the definition. */
  readonly pointer: string;
  /** As JSON, printable; absent: it was not there. */
  readonly before?: string;
  readonly after?: string;
}

/** Where two definitions differ, member by member, in the order of their pointers. */
export function definitionDiff(before: JsonObject, after: JsonObject): readonly DefinitionChange[] {
  const [old, now] = [leavesOf(before, ''), leavesOf(after, '')];
  const pointers = [...new Set([...old.keys(), ...now.keys()])].sort();
  return pointers.flatMap((pointer) => {
    const [was, is] = [old.get(pointer), now.get(pointer)];
    if (was === is) return [];
    return [
      {
        pointer,
        ...(was === undefined ? {} : { before: printable(was) }),
        ...(is === undefined ? {} : { after: printable(is) }),
      },
    ];
  });
}

function leavesOf(value: Json, pointer: string): Map<string, string> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    return new Map([[pointer, JSON.stringify(value)]]);
  }
  const members = Object.entries(value) as [string, Json][];
  return new Map(
    members.flatMap(([key, each]) => [
      ...leavesOf(each, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    ]),
  );
}
