import type { Procedure } from './contract.ts';
import { StoreError } from './store-error.ts';

/** Loads the modules of procedures. Throws `store_procedure_failed` for one that is none, or two of one name. */
export async function loadProcedures(
  urls: readonly string[],
): Promise<readonly Procedure<unknown, unknown>[]> {
  const loaded: Procedure<unknown, unknown>[] = [];
  for (const url of urls) {
    const procedure: unknown = (await import(url)).default;
    if (!isProcedure(procedure))
      throw new StoreError('store_procedure_failed', `${url} exports no procedure`);
    if (loaded.some((each) => each.name === procedure.name)) {
      throw new StoreError('store_procedure_failed', `two procedures are named \`${procedure.name}\``);
    }
    loaded.push(procedure);
  }
  return loaded;
}

function isProcedure(value: unknown): value is Procedure<unknown, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { name, keys, run } = value as Partial<Procedure<unknown, unknown>>;
  return (
    typeof name === 'string' &&
    !name.startsWith('$') &&
    typeof keys === 'function' &&
    typeof run === 'function'
  );
}
