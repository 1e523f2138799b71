import { type HaltTarget, haltKey, liftHalt, setHalt } from '@writ/state';
import { type SwitchRequest, switchProcedure } from './switch-procedure.ts';

/** A halt to be set or lifted. */
export type HaltRequest = SwitchRequest<HaltTarget, 'halted' | 'resumed'>;

export default switchProcedure<HaltTarget, HaltRequest['event']>({
  name: 'pdp.halt',
  on: 'halted',
  key: haltKey,
  set: setHalt,
  lift: liftHalt,
  entry: (event) => ({ kind: 'halt', event }),
});
