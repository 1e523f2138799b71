import type { LayersView } from '@writ/pdp';
import { describe, expect, it } from 'vitest';
import { layersBoxes } from '../src/layers/layers-boxes.ts';
import { layersMermaid } from '../src/layers/layers-mermaid.ts';
import {
  ageText,
  duration,
  reviewersText,
  reviewText,
  scopeText,
  whenText,
} from '../src/layers/layers-text.ts';

const ENTRYPOINT = {
  bundle: 'egress',
  path: 'egress/refusals',
  kind: 'violations',
  profile: 'writ/v1',
  when: { phases: ['call'] },
  mode: 'enforce',
  review: { state: 'none' },
} as const;
const BUNDLE = {
  name: 'egress',
  revision: '7',
  digest: `sha256:${'a'.repeat(64)}`,
  layers: ['compliance'],
  mode: 'enforce',
  third_party: false,
  reviewers: [],
  unreviewed: false,
  review: { state: 'none' },
  signatures: [],
} as const;

function viewWith(entrypoints: LayersView['layers'][number]['entrypoints']): LayersView {
  const layers = ['identity', 'resource', 'workflow', 'compliance', 'override'] as const;
  return {
    at: '2026-11-29T00:00:00Z',
    layers: layers.map((layer) => ({ layer, entrypoints: layer === 'compliance' ? entrypoints : [] })),
    bundles: [BUNDLE],
    overrides: [],
    overrides_max: 20,
    warnings: [],
  };
}

describe('the picture of the layers', () => {
  it('has a box for each, in the order in which they are asked, as wide as the others', () => {
    const when = { phases: ['call', 'result'], types: ['http_request'], servers: ['a*'] } as const;
    const lines = layersBoxes(viewWith([{ ...ENTRYPOINT, when, mode: 'observe' }]));
    const titles = lines.filter((line) => line.startsWith('┌')).map((line) => /─ (\w+):/.exec(line)?.[1]);
    expect(titles).toEqual(['identity', 'resource', 'workflow', 'compliance', 'override']);
    const boxed = lines.filter((line) => /^[┌│└]/.test(line));
    expect(new Set(boxed.map(({ length }) => length)).size).toBe(1);
    expect(boxed.find((line) => line.includes('egress/refusals'))).toContain('servers: a*');
  });

  it('stays within its width, however long a name is', () => {
    const lines = layersBoxes(viewWith([{ ...ENTRYPOINT, path: 'x'.repeat(400) }]));
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(160);
    expect(lines.some((line) => line.includes('…'))).toBe(true);
  });

  it('is a flowchart whose labels no name can break', () => {
    const text = layersMermaid(viewWith([{ ...ENTRYPOINT, bundle: 'a"]\nclick x' }])).join('\n');
    expect(text).toContain('compliance0["violations egress/refusals<br/>a#quot;] click x"]');
    expect(text).toContain('identity --> resource --> workflow --> compliance --> override');
  });
});

describe('what is said of a bundle', () => {
  it.each([
    [{ state: 'none' }, '–'],
    [{ state: 'none', reviewed_at: '2026-11-01' }, 'reviewed on 2026-11-01'],
    [
      { state: 'current', cadence: '30d', reviewed_at: '2026-11-01', due_at: '2026-12-01T00:00:00.000Z' },
      '30d, due 2026-12-01',
    ],
    [
      { state: 'overdue', cadence: 'daily', reviewed_at: '2026-11-01', due_at: '2026-11-02T00:00:00.000Z' },
      'OVERDUE since 2026-11-02 (daily)',
    ],
    [{ state: 'ahead', reviewed_at: '2030-01-01' }, 'WRONG: reviewed on 2030-01-01'],
  ] as const)('review %j: %s', (review, text) => {
    expect(reviewText(review)).toBe(text);
  });

  it('its reviewers, and how old it is', () => {
    const reviewers = [
      { name: 'legal', met: true },
      { name: 'security', met: false },
    ];
    expect(reviewersText({ ...BUNDLE, reviewers, unreviewed: true })).toBe(
      'legal ✓, security ✗ (unreviewed)',
    );
    expect(reviewersText(BUNDLE)).toBe('–');
    expect(ageText(BUNDLE)).toBe('–');
    const source = { place: 'https://x', confirmed_seconds: 90_000, stale: true };
    expect(ageText({ ...BUNDLE, active_seconds: 30, source })).toBe('active 30 s, confirmed 25 h ago STALE');
    expect([119, 120, 7_200, 172_800].map(duration)).toEqual(['119 s', '2 min', '2 h', '2 d']);
  });

  it('where an entrypoint is asked, and whom an override serves', () => {
    expect(whenText(ENTRYPOINT)).toBe('');
    expect(whenText({ kind: 'visible', when: { phases: ['list'] } })).toBe('');
    expect(whenText({ kind: 'guard', when: { phases: ['result'], tools: ['a', 'b'] } })).toBe(
      'tools: a, b; phases: result',
    );
    const lift = {
      bundle: 'b',
      code: 'c',
      outcome: 'allow',
      justification: 'j',
      approved_by: 'x',
      expires: '2027-01-01T00:00:00Z',
    } as const;
    const shown = { stated_in: { bundle: 'o', rule: 'data.o' }, state: 'in_force', warnings: [] } as const;
    expect(scopeText({ ...shown, lift })).toBe('for everyone');
    expect(scopeText({ ...shown, lift: { ...lift, actors: ['agent:a'], tools: ['t'] } })).toBe(
      'for agent:a; t',
    );
  });
});
