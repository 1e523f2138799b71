import type { Release } from '@writ/bundle';
import type { DecideCall } from '@writ/decision';

/**
 * Why a call is not of the release that the policies in force are of: another version of its agent, or another
 * definition of its tool. Undefined where no release says anything about them. What happened already is judged all
 * the same: results are not held against it.
 */
export function refusedRelease(
  releases: readonly Release[],
  { request, tool_digest: given }: Pick<DecideCall, 'request' | 'tool_digest'>,
): string | undefined {
  const { actor, action } = request;
  if (action.phase === 'result') return undefined;
  const tool = `${action.server ?? ''}/${action.tool ?? ''}`;
  for (const { name, version, agents = {}, tools = {} } of releases) {
    const wanted = Object.hasOwn(agents, actor.id) ? agents[actor.id] : undefined;
    if (wanted !== undefined && actor.version !== wanted)
      return `release \`${name}\` ${version} is for version ${wanted} of this agent, which ${
        actor.version === undefined ? 'names none' : `is ${actor.version}`
      }`;
    const digest = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
    // A list names no definitions: it is the call that has to be made by the released one.
    if (action.phase === 'call' && digest !== undefined && given !== digest)
      return `release \`${name}\` ${version} is for another definition of this tool`;
  }
  return undefined;
}
