import { describe, expect, it } from 'vitest';
import { plainLine } from '../src/commands/approvals-watch.ts';
import { keyOf, renderWatch, type WatchLine, withLines } from '../src/commands/watch-screen.ts';

const line = (id: string, more: Partial<WatchLine> = {}): WatchLine => ({
  id,
  age_seconds: 61,
  principal: 'user:alice',
  actor: 'agent:a',
  type: 'tool_call',
  tool: 'pay',
  reason: 'needs_a_person',
  needed: 1,
  votes: 0,
  ...more,
});

describe('the live list', () => {
  it('shows what waits, as wide and high as the terminal is', () => {
    const lines = Array.from({ length: 50 }, (_, index) => line(`apr-${index}`, { needed: 2, votes: 1 }));
    const text = renderWatch({ lines, chosen: 40, message: 'hello' }, 60, 12);
    const rows = text.split('\r\n');
    expect(rows).toHaveLength(12);
    expect(text).toContain('50 waiting');
    expect(text).toContain('pay 1/2');
    expect(rows.filter((row) => row.startsWith('>'))).toHaveLength(1);
    expect(rows.slice(1).every((row) => [...row].length <= 60)).toBe(true);
  });

  it('lets no name of an agent move the cursor', () => {
    const text = renderWatch(
      { lines: [line('apr-1', { actor: '\u001b[2Jx\r\n\u202e' })], chosen: 0, message: '' },
      200,
      9,
    );
    const names = text.slice('\u001b[2J\u001b[H'.length);
    expect(names.includes('\u001b') || names.includes('\u202e')).toBe(false);
    expect(text.split('\r\n')).toHaveLength(6);
  });

  it('says in plain lines all that the screen says, one line each', () => {
    const text = plainLine(
      'waits',
      line('apr-1', { needed: 2, votes: 1, appeal: true, standing: true, group: 'end of month' }),
    );
    expect(text).toBe(
      'waits  apr-1  pay 1/2  agent:a for user:alice  needs_a_person (appeal) (a yes also makes a standing permission) [end of month]',
    );
    expect(plainLine('ended', line('apr-1', { reason: undefined as never }))).toBe(
      'ended  apr-1  pay  agent:a for user:alice',
    );
    const hostile = plainLine('waits', line('apr-1', { tool: 'x\nwaits\u001b[2J\u202e' }));
    expect(hostile).toContain('x\ufffdwaits\ufffd[2J\ufffd');
  });

  it('keeps the chosen call chosen by its id, and nothing where it is gone', () => {
    const state = { lines: [line('a'), line('b'), line('c')], chosen: 1, message: '' };
    expect(withLines(state, [line('b'), line('c')])).toMatchObject({ chosen: 0 });
    const gone = withLines(state, [line('a'), line('c')]);
    expect(gone.lines[gone.chosen]).toBeUndefined();
    expect(withLines({ lines: [], chosen: 0, message: '' }, [line('a')])).toMatchObject({ chosen: 0 });
  });

  it('takes single keys only', () => {
    expect(keyOf('a')).toBe('approve');
    expect(keyOf('\u001b[A')).toBe('up');
    expect(keyOf('aaaa')).toBeUndefined();
  });
});
