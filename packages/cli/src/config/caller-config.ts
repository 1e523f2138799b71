import { z } from 'zod';

const strings = z.array(z.string());

/** On whose authority a caller acts, as `writ.yaml` writes it down. */
export const principalSchema = z.strictObject({
  id: z.string().min(1),
  kind: z.enum(['user', 'service', 'agent']).optional(),
  tenant: z.string().optional(),
  groups: strings.optional(),
  scopes: strings.optional(),
  data_classifications_authorized: strings.optional(),
});

/** The agent that acts, as `writ.yaml` writes it down. */
export const actorSchema = z.strictObject({
  id: z.string().min(1),
  class: z.string().optional(),
  scope: z.string().optional(),
  owner_team: z.string().optional(),
  version: z.string().min(1).optional().describe('Which release of the agent this is'),
});

/** The digest of a bearer token. */
export const tokenHashSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'must be `sha256:` and 64 hexadecimal digits');
