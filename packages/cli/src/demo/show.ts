import type { Decision } from '@writ/decision';
import type { Output } from '../output/output.ts';
import { outcomeText } from '../present/outcome-text.ts';
import type { ChosenCall } from './scripted-agent.ts';
import type { SeenDecision } from './watch-point.ts';

/** A call and its decision: tool, arguments, outcome, reason code, rule and file that decided, time. */
export function showCall(
  output: Output,
  call: ChosenCall,
  seen: SeenDecision | undefined,
  folder: string,
): void {
  output.line(`    ${output.style('bold', call.tool)} ${shortArguments(call, folder)}`);
  if (seen === undefined) return;
  const { decision, ms } = seen;
  output.line(
    `    → ${outcomeText(output, decision.outcome)} ${output.style('bold', decision.reason)}   ${whoDecided(decision)}   ${ms.toFixed(1)} ms`,
  );
}

/** The rule and the file that decided, or what stands in their place. */
export function whoDecided(decision: Decision): string {
  const reason = decision.reasons[0];
  if (reason?.code === 'policy_undefined') return 'no rule answered: Writ itself';
  if (reason?.rule === undefined) return 'Writ itself';
  const place = reason.file === undefined ? '' : ` (${reason.file}:${reason.row ?? 1})`;
  return `${reason.rule}${place}`;
}

function shortArguments({ args }: ChosenCall, folder: string): string {
  const shown = Object.entries(args).map(([name, value]) => {
    const text = String(value).replace(`${folder}/`, '').replaceAll('\n', ' ');
    return `${name}=${text.length > 48 ? `${text.slice(0, 45)}… (${text.length} characters)` : text}`;
  });
  return shown.join('  ');
}
