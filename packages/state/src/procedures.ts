/** The state's own procedure, to be loaded by the store: `state.sweep`. */
export const STATE_PROCEDURES: readonly URL[] = [new URL('./sweep-procedure.ts', import.meta.url)];
