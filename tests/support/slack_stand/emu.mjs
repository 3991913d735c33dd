// Starts the Slack service of the npm program `emulate` with a workspace that is given as JSON in the variable SEED:
// {port, secret, events, people: [{id, team, name, real_name, email, bot, deleted}], tokens, app}.
//
// Its command line has no option for an Events API address, and its seed none for users' ids: so its own module is
// imported (the file that holds chat.postMessage; the name has a hash) and its dispatcher and store are kept.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const seed = JSON.parse(process.env.SEED);
const dist = dirname(fileURLToPath(import.meta.url)) + '/node_modules/emulate/dist/';
const holds = name => /^dist-.*\.js$/.test(name) && readFileSync(dist + name, 'utf8').includes('"/api/chat.postMessage"');
const { slackPlugin, getSlackStore } = await import(pathToFileURL(dist + readdirSync(dist).find(holds)));

let dispatcher, store;
const register = slackPlugin.register;
slackPlugin.register = (app, into, webhooks, ...rest) => {
  [dispatcher, store] = [webhooks, into];
  return register.call(slackPlugin, app, into, webhooks, ...rest);
};

const { createEmulator } = await import(pathToFileURL(dist + 'api.js'));
await createEmulator({
  service: 'slack',
  port: seed.port,
  seed: { slack: {
    team: { name: 'Biz', domain: 'biz' },
    oauth_apps: [seed.app],
    tokens: seed.tokens,
    signing_secret: seed.secret,
    strict_scopes: true,
  } },
});
dispatcher.register({ url: seed.events, events: ['*'], active: true, owner: 'slack' });

const users = getSlackStore(store).users;
for (const { id, team, name, real_name, email, bot, deleted } of seed.people) {
  const profile = { display_name: name, real_name, email, image_48: '', image_192: '' };
  users.insert({
    user_id: id, team_id: team, name, real_name, email, is_admin: false, is_bot: bot, deleted, profile,
    presence: 'active', manual_presence: 'auto', connection_count: 1,
  });
}
console.log('ready');
