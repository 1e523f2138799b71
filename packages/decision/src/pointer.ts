/** The steps of a JSON Pointer (RFC 6901); `[]` for the whole document, undefined for what is no pointer. */
export function parsePointer(pointer: string): readonly string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer of these steps. */
export function formatPointer(steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The index that a step means in an array of this length: digits without a leading zero, within bounds. */
export function arrayIndex(step: string, length: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,9})$/.test(step)) return undefined;
  const index = Number(step);
  return index < length ? index : undefined;
}
