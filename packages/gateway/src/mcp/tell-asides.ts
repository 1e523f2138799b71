import type { Asked } from './asked.ts';
import type { Flight } from './flight.ts';

/** Tells the client of a request what its server told beside the answer, as far as the output policy lets it. */
export async function tellAsides(
  asked: Pick<Asked, 'meta' | 'notify'>,
  { released, progress }: Pick<Flight, 'released' | 'progress'>,
): Promise<void> {
  for (const aside of released) {
    if (aside.kind !== 'log') continue;
    const { kind: _kind, ...entry } = aside;
    await asked.notify({ method: 'notifications/message', params: { ...entry } }).catch(() => undefined);
  }
  const texts = released.flatMap((aside) => (aside.kind === 'progress' ? [aside.text] : []));
  const { progressToken } = asked.meta;
  if (texts.length === 0 || progress === undefined || progressToken === undefined) return;
  const params = { progressToken, ...beyond(progress), message: texts.join('\n') };
  await asked.notify({ method: 'notifications/progress', params }).catch(() => undefined);
}

/**
 * A step past what was told last, since progress only grows: the work is done, so that is its total where one was named
 * and not reached yet, else one more.
 */
function beyond({ progress, total }: NonNullable<Flight['progress']>): { progress: number; total?: number } {
  if (total === undefined) return { progress: progress + 1 };
  return total > progress ? { progress: total, total } : { progress: progress + 1, total: progress + 1 };
}
