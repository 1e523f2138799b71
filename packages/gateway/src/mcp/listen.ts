import {
  CLIENT_CAPABILITIES_META_KEY,
  type ProtocolError,
  type ServerEvent,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import type { Json, JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { authorizeRequest } from './authorize-request.ts';
import type { CallContext } from './call-context.ts';
import { callerKey } from './caller-key.ts';
import { gatherChanges } from './change-relay.ts';
import { Flight } from './flight.ts';
import { followTask } from './follow-task.ts';
import { isObject } from './json-object.ts';
import { mayStillHear } from './may-hear.ts';
import { mayHearOfTask } from './serve-task.ts';
import { LIST_KINDS, type ListKind, type ShownLists, shownLists } from './shown-lists.ts';
import type { Task } from './task.ts';
import { detailedTask, keepsTasks, missingTasks } from './task-forms.ts';

/** A `subscriptions/listen` as far as policies allow it. */
export interface AllowedListen {
  /** The request, with only those resources left that may be subscribed. */
  readonly message: JsonObject;
  /** What changes, for as long as somebody listens. */
  readonly bus: ServerEventBus;
  /** URIs, as the client names them, that are subscribed. */
  readonly uris: ReadonlySet<string>;
  /** Tasks of the caller that it may hear of. */
  readonly taskIds: ReadonlySet<string>;
  /** Has each change of these tasks told, as `notifications/tasks` says it, until it is stopped. */
  followTasks(tell: (task: JsonObject) => void): () => void;
  /** Takes the subscriptions back. */
  end(): void;
}

/** Does a request for changes want to hear of tasks. */
export function asksForTasks({ params }: JsonObject): boolean {
  const { notifications } = (params ?? {}) as JsonObject;
  return isObject(notifications) && notifications['taskIds'] !== undefined;
}

/** The refusal of one that does while its client keeps no tasks; undefined where it may ask. */
export function undeclaredTasks(message: JsonObject): ProtocolError | undefined {
  const { _meta: meta } = (message['params'] ?? {}) as JsonObject;
  if (!asksForTasks(message) || (isObject(meta) && keepsTasks(meta[CLIENT_CAPABILITIES_META_KEY])))
    return undefined;
  return missingTasks();
}

/** Is this the newer era's request for changes. */
export function isListen(message: JsonObject): boolean {
  return message['method'] === 'subscriptions/listen' && message['id'] !== undefined;
}

/**
 * Decides about each resource that a client of the newer era wants to hear of, and subscribes to those that it may;
 * the others are left out, which the client sees in the acknowledgement. Of a list it hears where it would see another
 * one than when the stream began.
 */
export async function allowListen(
  context: CallContext,
  caller: Caller,
  message: JsonObject,
): Promise<AllowedListen> {
  const params = isObject(message['params']) ? message['params'] : {};
  const wanted = isObject(params['notifications']) ? params['notifications'] : {};
  const asked = Array.isArray(wanted['resourceSubscriptions'])
    ? (wanted['resourceSubscriptions'] as readonly Json[])
    : [];
  const uris = new Set<string>();
  for (const uri of new Set(asked.slice(0, context.limits.subscriptions))) {
    if (typeof uri === 'string' && (await mayHear(context, caller, params, uri))) uris.add(uri);
  }
  const tasks = await ownTasks(context, caller, wanted['taskIds']);
  const { resourceSubscriptions: _asked, taskIds: _tasks, ...lists } = wanted;
  const notifications = { ...lists, ...(uris.size === 0 ? {} : { resourceSubscriptions: [...uris] }) };
  const end = () => {
    for (const uri of uris) void takeBack(context, uri);
    uris.clear();
  };
  const shown = shownLists(
    () => context,
    () => caller,
  );
  await shown.look(LIST_KINDS.filter((kind) => lists[`${kind}ListChanged`] === true));
  // A server that nobody has asked anything yet is heard of from now on.
  for (const upstream of context.catalogue.upstreams) void upstream.era().catch(() => undefined);
  return {
    message: isObject(params['notifications'])
      ? { ...message, params: { ...params, notifications } }
      : message,
    uris,
    taskIds: new Set(tasks.map(({ id }) => id)),
    followTasks(tell) {
      const stops = tasks.map((task) =>
        followTask(context, caller, 'modern', task, () => tell(detailedTask(task))),
      );
      return () => {
        for (const stop of stops) stop();
      };
    },
    end,
    bus: {
      publish: () => {},
      subscribe: (listener) => {
        const stop = gatherChanges(context.catalogue.upstreams, (change, upstream) => {
          if (change.kind === 'lost') return;
          if (change.kind === 'updated') {
            void tellUpdated(context, caller, context.catalogue.uriOf(upstream, change.uri), uris, listener);
          } else void tellChanged(shown, change.kind, listener);
        });
        return () => {
          stop();
          end();
        };
      },
    },
  };
}

async function ownTasks(context: CallContext, caller: Caller, ids: Json | undefined): Promise<Task[]> {
  const asked = Array.isArray(ids) ? (ids as readonly Json[]).slice(0, context.limits.subscriptions) : [];
  const tasks: Task[] = [];
  for (const id of new Set(asked)) {
    const task = typeof id === 'string' ? context.tasks.find(callerKey(caller), id) : undefined;
    if (task !== undefined && (await mayHearOfTask(context, caller, 'modern', task))) tasks.push(task);
  }
  return tasks;
}

async function tellChanged(
  shown: ShownLists,
  kind: ListKind,
  listener: (event: ServerEvent) => void,
): Promise<void> {
  if (!(await shown.differs(kind))) return;
  await shown.look([kind]);
  listener({ kind: `${kind}_list_changed` });
}

/** Tells of a resource that is subscribed, if policies still let it. */
async function tellUpdated(
  context: CallContext,
  caller: Caller,
  uri: string,
  uris: ReadonlySet<string>,
  listener: (event: ServerEvent) => void,
): Promise<void> {
  if (uris.has(uri) && (await mayStillHear(context, caller, 'modern', uri)) && uris.has(uri))
    listener({ kind: 'resource_updated', uri });
}

async function mayHear(
  context: CallContext,
  caller: Caller,
  params: JsonObject,
  uri: string,
): Promise<boolean> {
  try {
    await authorizeRequest(context, {
      caller,
      channel: { era: 'modern' },
      meta: isObject(params['_meta']) ? params['_meta'] : {},
      capabilities: {},
      flight: new Flight(),
      method: 'resources/subscribe',
      params: { uri },
    });
    return true;
  } catch {
    return false;
  }
}

async function takeBack({ catalogue }: CallContext, uri: string): Promise<void> {
  const place = await catalogue.locateUri(uri).catch(() => undefined);
  await place?.upstream.unsubscribe(place.uri).catch(() => undefined);
}
