import type { Procedure } from '@writ/store';
import { type SweepRequest, sweepCells } from './sweep.ts';

/** Removes expired cells. */
const sweepProcedure: Procedure<SweepRequest, number> = {
  name: 'state.sweep',
  keys: ({ cells }) => cells,
  run: (transaction, { cells }) => sweepCells(transaction, cells),
};

export default sweepProcedure;
