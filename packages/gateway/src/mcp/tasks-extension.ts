/** The extension of the newer era; a client that can keep tasks declares it with each request. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
