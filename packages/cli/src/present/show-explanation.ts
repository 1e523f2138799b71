import { LAYERS, STRICTNESS } from '@writ/decision';
import type { ExplainedOpinion, Explanation } from '@writ/pdp';
import { EXIT } from '../exit-status.ts';
import { type Output, table } from '../output/output.ts';
import { outcomeText } from './outcome-text.ts';

/** What each layer said, in order, and how that became one outcome; gives the exit status. */
export function showExplanation(output: Output, explanation: Explanation): number {
  output.json(explanation);
  const { outcome, reasons, opinions } = explanation;
  output.line(`${outcomeText(output, outcome)}  ${reasons[0]?.code ?? ''}   (not decided, not recorded)`);
  if (opinions.length === 0) output.line(`  ${reasons[0]?.message ?? 'no policy was asked'}`);
  else {
    const rows = LAYERS.flatMap((layer) =>
      rowsOf(
        layer,
        opinions.filter((opinion) => opinion.layer === layer),
      ),
    );
    output.line();
    for (const line of table([['  layer', 'kind', 'entrypoint', 'opinion', 'reasons', 'where'], ...rows]))
      output.line(line);
    output.line();
    for (const line of combination(explanation)) output.line(`  ${line}`);
  }
  return outcome === 'allow' || outcome === 'sanitize' ? EXIT.ok : EXIT.no;
}

function rowsOf(layer: string, opinions: readonly ExplainedOpinion[]): string[][] {
  if (opinions.length === 0) return [[`  ${layer}`, '–', 'nothing asked', '', '', '']];
  return opinions.map((opinion, index) => [
    index === 0 ? `  ${layer}` : '',
    opinion.kind,
    opinion.rule,
    opinion.observed === true ? `${opinion.opinion} (observed)` : opinion.opinion,
    opinion.reasons.map(({ code }) => code).join(', '),
    place(opinion),
  ]);
}

function place({ bundle, file, row }: ExplainedOpinion): string {
  return file === undefined ? bundle : `${bundle}/${file}:${row ?? 1}`;
}

/** How the opinions became one: whether anything granted, what was lifted, which opinion was the strictest. */
function combination(explanation: Explanation): string[] {
  const { outcome, reasons, granted, opinions, overridden, obligations } = explanation;
  const counted = opinions.filter(({ observed }) => observed !== true);
  const grants = counted.filter(
    ({ kind, opinion }) => kind === 'grant' && opinion in STRICTNESS && opinion !== 'deny',
  );
  const lines = [
    granted
      ? `granted by ${grants.map(({ rule }) => rule).join(', ') || 'a grant that an override put in place'}`
      : 'no grant says yes: nothing can be allowed',
  ];
  for (const { bundle, code, outcome: stated, approved_by, expires } of overridden)
    lines.push(
      `override in force: ${bundle} ${code} → ${stated}, approved by ${approved_by} until ${expires}`,
    );
  const deciding = reasons.filter((reason) => reason.outcome === outcome);
  const from = [...new Set(deciding.map(({ layer }) => layer ?? 'Writ itself'))].join(', ');
  lines.push(`the strictest opinion is ${outcome}${from === '' ? '' : `, from ${from}`}`);
  for (const { code, message, remediation } of deciding) {
    if (message !== undefined || remediation !== undefined)
      lines.push(`  ${code}: ${[message, remediation].filter((text) => text !== undefined).join('; ')}`);
  }
  if (obligations.length > 0) lines.push(`duties: ${obligations.map(({ type }) => type).join(', ')}`);
  const would = explanation.outcome_if_counted;
  if (would !== undefined) {
    lines.push(
      would === outcome
        ? 'with what only observes it would be the same'
        : `with what only observes it would be ${would}`,
    );
  }
  return lines;
}
