import type { DecisionRequest, Json } from '@writ/decision';
import type { CedarEntity, CedarUid } from './cedar-messages.ts';
import type { CedarSchema } from './cedar-schema.ts';
import { type Convertible, EntityReference, recordToCedar, toCedar } from './cedar-values.ts';

/** A request as Cedar is asked; docs/reference/cedar.md describes it for those who write policies. */
export interface CedarCall {
  readonly principal: CedarUid;
  readonly action: CedarUid;
  readonly resource: CedarUid;
  readonly context: { [name: string]: Json };
  readonly entities: readonly CedarEntity[];
}

interface Described {
  readonly uid: CedarUid;
  readonly attributes: { readonly [name: string]: Convertible };
  readonly parents: readonly CedarUid[];
}

const PRINCIPAL_TYPES = { user: 'User', service: 'Service', agent: 'Agent' } as const;

/**
 * A request (profile `writ/v1`) in Cedar's terms. With a schema it is cut to what that declares; an action that the
 * schema does not have is left for Cedar to refuse. Throws {@link NotCedarError}.
 */
export function cedarCall(
  request: DecisionRequest,
  own: readonly CedarEntity[],
  schema: CedarSchema | undefined,
): CedarCall {
  const action: CedarUid = { type: 'Action', id: request.action.type };
  const principal = principalOf(request);
  const actor = actorOf(request);
  const resource = resourceOf(request);
  const described = [principal, actor, resource, ...parentsOf(principal), ...parentsOf(resource)];
  const context = contextOf(request, actor.uid);
  return {
    principal: principal.uid,
    action,
    resource: resource.uid,
    context: (schema?.context(action.id, context) ?? recordToCedar(context, toCedar)) as CedarCall['context'],
    entities: mergeEntities(described, own, schema),
  };
}

function uid(type: string, id: string): CedarUid {
  return { type, id };
}

function principalOf({ principal }: DecisionRequest): Described {
  const {
    id,
    kind = 'user',
    tenant,
    groups = [],
    scopes,
    data_classifications_authorized,
    attributes,
  } = principal;
  return {
    uid: uid(PRINCIPAL_TYPES[kind], id),
    attributes: { tenant, scopes, data_classifications_authorized, attributes },
    parents: [
      ...groups.map((group) => uid('Group', group)),
      ...(tenant === undefined ? [] : [uid('Tenant', tenant)]),
    ],
  };
}

function actorOf({ actor }: DecisionRequest): Described {
  const { id, ...attributes } = actor;
  return { uid: uid('Actor', id), attributes: attributes as Described['attributes'], parents: [] };
}

/** What each kind of action is about. */
function resourceOf({ action }: DecisionRequest): Described {
  const { type, server, tool, capability, operation, provider, model, destination, upstream } = action;
  const name = (own: string | undefined): string =>
    [server, own].filter((part) => part !== undefined).join('/');
  const onServer = server === undefined ? [] : [uid('Server', server)];
  const attributes = { server, capability, operation };
  switch (type) {
    case 'tool_call':
      return { uid: uid('Tool', name(tool)), attributes: { ...attributes, name: tool }, parents: onServer };
    case 'resource_read':
    case 'resource_subscribe':
      return { uid: uid('Resource', resourceId(action) ?? name(tool)), attributes, parents: onServer };
    case 'prompt_get':
      return { uid: uid('Prompt', name(tool)), attributes: { ...attributes, name: tool }, parents: onServer };
    case 'model_inference':
      return {
        uid: uid('Model', [provider, model].filter((part) => part !== undefined).join('/')),
        attributes: { ...attributes, provider, model },
        parents: provider === undefined ? [] : [uid('Provider', provider)],
      };
    case 'http_request':
      return { uid: uid('Host', (destination ?? upstream)?.host ?? ''), attributes, parents: [] };
    default:
      return { uid: uid('Server', server ?? ''), attributes, parents: [] };
  }
}

function resourceId({ resources = [] }: DecisionRequest['action']): string | undefined {
  return resources.length === 1 ? resources[0]!.id : undefined;
}

function parentsOf({ parents }: Described): Described[] {
  return parents.map((parent) => ({ uid: parent, attributes: {}, parents: [] }));
}

/** Names are the contract's; `type` is the action, and the principal an entity of its own. */
function contextOf(request: DecisionRequest, actor: CedarUid): { readonly [name: string]: Convertible } {
  const { type: _type, args, ...action } = request.action;
  return {
    actor: new EntityReference(actor.type, actor.id),
    delegation: (request.delegation ?? []).map(({ id }) => id),
    args: (args ?? {}) as Convertible,
    ...(action as unknown as { readonly [name: string]: Convertible }),
    result: request.result as Convertible,
    session: request.context as Convertible,
    environment: request.environment as Convertible,
  };
}

/** Entities of the request and of the bundle: of one that both have, parents are united and the request's facts stand. */
function mergeEntities(
  described: readonly Described[],
  own: readonly CedarEntity[],
  schema: CedarSchema | undefined,
): CedarEntity[] {
  const merged = new Map(own.map((entity) => [keyOf(entity.uid), entity]));
  for (const { uid: id, attributes, parents } of described) {
    const known = merged.get(keyOf(id));
    const entity: CedarEntity = { uid: id, attrs: {}, parents };
    const fit =
      schema === undefined
        ? { ...entity, attrs: recordToCedar(attributes, toCedar) }
        : schema.entity(entity, attributes);
    if (fit === undefined) continue;
    if (known === undefined) merged.set(keyOf(id), fit);
    else
      merged.set(keyOf(id), {
        ...known,
        attrs: { ...known.attrs, ...fit.attrs },
        parents: [
          ...new Map([...known.parents, ...fit.parents].map((parent) => [keyOf(parent), parent])).values(),
        ],
      });
  }
  return [...merged.values()];
}

export function keyOf({ type, id }: CedarUid): string {
  return JSON.stringify([type, id]);
}
