import { afterEach, describe, expect, it, vi } from 'vitest';
import { processOutput, table } from '../src/output/output.ts';

const HOSTILE = 'a\u001b[2J\u001b]0;t\u0007\u009b31m\r\u0008\u202eb';

afterEach(() => vi.restoreAllMocks());

/** What reaches the terminal. */
function written(stream: 'stdout' | 'stderr'): () => string {
  const write = vi.spyOn(process[stream], 'write').mockImplementation(() => true);
  return () => write.mock.calls.map(([text]) => String(text)).join('');
}

describe('[P-TERMINAL-PLAIN] names that agents chose', () => {
  it('cannot move the cursor, hide text or turn a line round', () => {
    const out = written('stdout');
    const err = written('stderr');
    const output = processOutput('pretty');
    output.line(HOSTILE);
    output.line(`conceal \u001b[8m, colour \u001b[31mred\u001b[39m, two\nlines`);
    output.note(HOSTILE);
    expect(out()).toBe(
      'a\ufffd[2J\ufffd]0;t\ufffd\ufffd31m\ufffd\ufffd\ufffdb\n' +
        'conceal \ufffd[8m, colour \u001b[31mred\u001b[39m, two\nlines\n',
    );
    expect(err()).toBe('a\ufffd[2J\ufffd]0;t\ufffd\ufffd31m\ufffd\ufffd\ufffdb\n');
  });

  it('are the same values in JSON, written so that a terminal takes none for a command', () => {
    const out = written('stdout');
    processOutput('json').json({ id: HOSTILE });
    expect(JSON.parse(out())).toEqual({ id: HOSTILE });
    expect(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u.test(out())).toBe(false);
  });

  it('cannot pose as a row of a table', () => {
    const rows = table([
      ['who', 'user:1\n  why  all is well'],
      ['why', 'too large'],
    ]);
    expect(rows).toEqual(['who  user:1\ufffd  why  all is well', 'why  too large']);
  });
});
