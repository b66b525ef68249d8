// What a product does with WorkOS's client for Node; the answers go to standard output as one JSON document.
// Arguments: port, token, id of a person, one of their sessions.
import { createRequire } from "node:module";

const { WorkOS } = createRequire(process.cwd() + "/")("@workos-inc/node");
const [port, token, user, session] = process.argv.slice(2);
const options = { apiHostname: "127.0.0.1", port: Number(port), https: false, clientId: "client" };
const workos = new WorkOS(token, options);
const said = {};

async function errorOf(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { name: error.constructor.name, status: error.status, code: error.code, request: Boolean(error.requestID) };
  }
}

// Its own paging goes on only where no limit was given: the first hundred are one page.
const all = await workos.userManagement.listSessions(user);
said.sessions = (await all.autoPagination()).map((one) => one.id);
const first = await workos.userManagement.listSessions(user, { limit: 2 });
const next = await workos.userManagement.listSessions(user, { limit: 2, after: first.listMetadata.after });
const back = await workos.userManagement.listSessions(user, { limit: 2, before: next.data[0].id });
said.pages = [first, next, back].map((page) => page.data.map((one) => one.id));
said.status = first.data[0].status;

await workos.userManagement.revokeSession({ sessionId: session });
said.left = (await workos.userManagement.listSessions(user)).data.map((one) => one.id);
said.logout = workos.userManagement.getLogoutUrl({ sessionId: session, returnTo: "https://app.example/signed-out" });

const events = await workos.events.listEvents({ events: ["session.created", "session.revoked"], limit: 3 });
said.events = events.data.map((event) => ({ event: event.event, user: event.data.userId, id: event.id }));

const key = await workos.userManagement.createUserApiKey(user, {
  name: "Exports", organizationId: "acme", permissions: ["sessions:read"],
});
said.key = { name: key.name, owner: key.owner, permissions: key.permissions };
said.keys = (await workos.userManagement.listUserApiKeys(user)).data.map((one) => one.id === key.id);
said.valid = (await workos.apiKeys.createValidation({ value: key.value })).apiKey?.id === key.id;
await workos.apiKeys.deleteApiKey(key.id);
said.over = (await workos.apiKeys.createValidation({ value: key.value })).apiKey;

said.errors = {
  notFound: await errorOf(() => workos.userManagement.listSessions("0")),
  wrong: await errorOf(() => workos.userManagement.listSessions(user, { limit: 1000 })),
  nobody: await errorOf(() => new WorkOS("no", options).userManagement.listSessions(user)),
  notUnderstood: await errorOf(() => workos.post("/user_management/sessions/revoke", ["a"])),
};
console.log(JSON.stringify(said));
