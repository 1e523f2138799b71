import { describe, expect, it } from 'vitest';
import { type EntryCore, type LedgerEntry, type PersonalFields, renderEntry } from '../src/index.ts';

function entry(core: EntryCore, fields: PersonalFields): LedgerEntry {
  return { index: 0, time: '2026-03-14T09:26:53.589Z', trust: 'cooperative', core, fields, erased: [] };
}

const call = { principal: 'user:ana', actor: 'agent:writer' };

describe('an entry in plain words', () => {
  it('says of a list that it asked what may be seen', () => {
    const list = entry({ kind: 'decision', action_type: 'tool_call', phase: 'list', outcome: 'allow' }, call);
    expect(renderEntry(list)).toBe(
      '2026-03-14T09:26:53.589Z agent:writer for user:ana asked which tools it may see: allowed.',
    );
  });

  it('tells which exceptions a decision rests on, and what observing policies would have made of it', () => {
    const lift = { code: 'too_much', approved_by: 'cfo', expires: '2027-01-01T00:00:00Z' };
    const decided = { kind: 'decision', action_type: 'tool_call', outcome: 'allow', codes: ['ok'] } as const;
    const lifted = entry(decided, { ...call, override: [{ lift, by: { bundle: 'o', rule: 'data.o' } }] });
    expect(renderEntry(lifted)).toContain(
      '; override in force: too_much lifted, approved by cfo until 2027-01-01T00:00:00Z.',
    );
    const observed = (outcome: string) =>
      renderEntry(
        entry(decided, { ...call, note: { observed: { outcome_if_counted: outcome, opinions: [] } } }),
      );
    expect(observed('deny')).toContain('; with the observing policies it would be denied.');
    expect(observed('allow')).not.toContain('observing');
  });

  it('names the bundles that only observe where policies were activated', () => {
    const bundles = { strict: { revision: '2', digest: 'sha256:0' } };
    const activated = (mode: string) =>
      renderEntry(entry({ kind: 'policy_activation', bundles }, { note: { bundles: { strict: { mode } } } }));
    expect(activated('observe')).toContain('Policy was activated: strict 2; OBSERVING ONLY: strict.');
    expect(activated('enforce')).toContain('Policy was activated: strict 2.');
  });

  it('names who judged an approval, not whose call it is about', () => {
    const approved = entry(
      { kind: 'approval', event: 'approved', approval_id: 'apr-1' },
      { ...call, approval: { by: 'operator' } },
    );
    expect(renderEntry(approved)).toContain('Approval apr-1 was approved by operator.');
    const requested = entry({ kind: 'approval', event: 'requested', approval_id: 'apr-1' }, call);
    expect(renderEntry(requested)).toContain('Approval apr-1 was requested by user:ana.');
  });

  it('does not let what a point reports pose as an act of the operator', () => {
    const report = { kind: 'administrative', event: 'note', codes: ['resumed'] } as const;
    const posed = entry(report, { point: 'guard', principal: 'operator', message: 'halt lifted' });
    expect(renderEntry(posed)).toMatch(/Enforcement point guard reported about .*: resumed: halt lifted\.$/);
    const note = { by: 'operator', path: 'a/b' };
    const own = entry({ kind: 'administrative', event: 'evaluate' }, { note });
    expect(renderEntry(own)).toContain('Administration: evaluate');
  });

  it('tells a halt from its end', () => {
    const told = (event: string): string => renderEntry(entry({ kind: 'halt', event }, {}));
    expect(told('halted')).toContain('A halt was set');
    expect(told('resumed')).toContain('A halt was lifted');
    expect(told('other')).toContain('A halt changed');
  });

  it('lets no text of an agent move a terminal', () => {
    const hostile = entry(
      { kind: 'decision', outcome: 'deny' },
      { ...call, actor: 'agent\u001b[2J\n\u202egnp', tool: 'rm' },
    );
    expect(renderEntry(hostile)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
