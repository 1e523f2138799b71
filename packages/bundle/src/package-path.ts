/** White space and comments before the package clause. */
const LEADING = /^(?:\s|#[^\n]*(?:\n|$))*/;
const STEP = /^\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_]*)|\[\s*("(?:[^"\\\n]|\\.)*")\s*\])/;

/**
 * Slash path of a module's package, read from its package clause alone, which Rego puts first; undefined where
 * there is none to be read (the compiler then says why).
 */
export function packagePath(text: string): string | undefined {
  const clause = /^package\s+([A-Za-z_][A-Za-z0-9_]*)/.exec(text.slice(LEADING.exec(text)?.[0].length ?? 0));
  if (clause === null) return undefined;
  const parts = [clause[1]!];
  let rest = text.slice((LEADING.exec(text)?.[0].length ?? 0) + clause[0].length);
  for (
    let step = STEP.exec(rest);
    step !== null && !step[0].trimStart().includes('\n');
    step = STEP.exec(rest)
  ) {
    const quoted = step[2];
    const part = quoted === undefined ? step[1]! : readQuoted(quoted);
    if (part === undefined || part.includes('/')) return undefined;
    parts.push(part);
    rest = rest.slice(step[0].length);
  }
  return parts.join('/');
}

function readQuoted(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
