import type { LayersView } from '@writ/pdp';
import { type Output, table } from '../output/output.ts';
import { layersBoxes } from './layers-boxes.ts';
import { ageText, reviewersText, reviewText, scopeText, signatureText } from './layers-text.ts';

const DIGEST_SHOWN = 'sha256:'.length + 12;

/** The picture, a table of the bundles, and what is to be looked at. */
export function showLayers(output: Output, view: LayersView): void {
  for (const line of layersBoxes(view)) output.line(line);
  output.line();
  const header = [
    'bundle',
    'revision',
    'digest',
    'layers',
    'owner',
    'reviewers',
    'review',
    'mode',
    'signed by',
    'age',
  ];
  const rows = view.bundles.map((bundle) => [
    bundle.third_party ? `${bundle.name} (third party)` : bundle.name,
    bundle.revision,
    bundle.digest.slice('sha256:'.length, DIGEST_SHOWN),
    bundle.layers.join(', ') || '–',
    bundle.owner ?? '–',
    reviewersText(bundle),
    reviewText(bundle.review),
    bundle.mode,
    signatureText(bundle),
    ageText(bundle),
  ]);
  for (const line of table([header, ...rows])) output.line(line);
  output.line();
  const { length } = view.overrides;
  output.line(
    `${length} of at most ${view.overrides_max} overrides stated${length === 0 ? '' : ' (--overrides lists them)'}`,
  );
  showWarnings(output, view);
}

/** Every stated override: what it lifts, for whom, why, on whose word, until when. */
export function showOverrides(output: Output, view: LayersView): void {
  if (view.overrides.length === 0) output.line('No overrides are stated.');
  for (const each of view.overrides) {
    const { lift, state, stated_in, warnings } = each;
    const rule = lift.rule === undefined ? '' : ` (${lift.rule})`;
    output.line(
      `${output.style('bold', `${lift.bundle}: ${lift.code}`)}${rule} → ${lift.outcome}, ${scopeText(each)}   ${state.replace('_', ' ')}`,
    );
    if (lift.message !== undefined) output.line(`  about        ${lift.message}`);
    output.line(`  why          ${lift.justification}`);
    output.line(
      `  approved by  ${lift.approved_by}${lift.approved_at === undefined ? '' : ` on ${lift.approved_at}`}`,
    );
    output.line(`  expires      ${lift.expires}`);
    output.line(`  stated in    ${stated_in.rule}  [${stated_in.bundle}]`);
    for (const warning of warnings) output.line(`  ${output.style('yellow', 'warning')}      ${warning}`);
    output.line();
  }
  output.line(`${view.overrides.length} of at most ${view.overrides_max}`);
}

function showWarnings(output: Output, { warnings }: LayersView): void {
  for (const warning of warnings) output.line(`${output.style('yellow', 'warning')}: ${warning}`);
}
