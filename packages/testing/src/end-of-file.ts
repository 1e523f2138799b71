const steps: (() => Promise<void>)[] = [];

/**
 * Has something that tests of one file share closed when that file ends. A hook of the module that makes it would do so
 * for the first file only: files that run one after the other in a worker share what they import.
 */
export function atEndOfFile(step: () => Promise<void>): void {
  steps.push(step);
}

/** The steps of the file that ends, the last one first. Run by the setup of every file (`tools/test-file.ts`). */
export async function endOfFile(): Promise<void> {
  for (const step of steps.splice(0).reverse()) await step();
}
