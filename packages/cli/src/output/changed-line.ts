import type { ChangedDefinition } from '@writ/gateway';

/** The alert of a definition that is not as it was pinned, in one line. */
export function changedLine({ server, kind, name }: ChangedDefinition): string {
  return `${kind} ${JSON.stringify(name)} of server ${server} is new or changed, and quarantined; look at it: writ mcp diff`;
}
