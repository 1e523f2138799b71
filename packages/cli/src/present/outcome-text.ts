import type { Decision } from '@writ/decision';
import type { Output } from '../output/output.ts';

const STYLES = {
  allow: 'green',
  sanitize: 'cyan',
  escalate: 'yellow',
  step_up: 'yellow',
  deny: 'red',
} as const;

/** An outcome, in its colour on a terminal. */
export function outcomeText(output: Output, outcome: Decision['outcome']): string {
  return output.style(STYLES[outcome], outcome);
}
