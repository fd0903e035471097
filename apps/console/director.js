import { find, make, reconcile } from './elements.js';
import { get, post, Refused } from './router.js';

/**
 * What an operator does to conversations. For everybody else nothing of it is there.
 *
 * @typedef {import('./record.js').Agent} Agent
 * @typedef {import('./record.js').Conversation} Conversation
 */

const speakAs = /** @type {HTMLSelectElement} */ (find('speak-as'));
const speakTo = /** @type {HTMLSelectElement} */ (find('speak-to'));
const speakText = /** @type {HTMLTextAreaElement} */ (find('speak-text'));

/** The conversation on view. @type {Conversation | undefined} */
let shown;

/** Whoever takes a seat means to speak in it: what to choose once the seat is theirs. */
let takenSeat = '';

/** Asks the router whether whoever looks at this page may act. */
export const learnRole = async () => {
  const me = await get('v1/me');
  document.body.dataset.role = me?.role ?? 'unknown';
};

/** Does it, and says what the router has against it. @param {string} fault @param {() => Promise<void>} act */
const attempt = async (fault, act) => {
  find(fault).textContent = '';
  try {
    await act();
  } catch (error) {
    find(fault).textContent = error instanceof Refused ? error.message : 'The router cannot be reached.';
  }
};

/** @param {string} action @param {object} [body] */
const act = async (action, body = {}) => {
  if (shown) return post(`v1/conversations/${encodeURIComponent(shown.id)}/${action}`, body);
};

/** @param {HTMLSelectElement} select @param {[string, string][]} options Value and text. */
const offer = (select, options) => {
  const { value } = select;
  reconcile(
    select,
    options,
    ([key]) => key,
    ([key, text], old) => {
      const option = /** @type {HTMLOptionElement} */ (old ?? make('option'));
      option.value = key;
      if (option.textContent !== text) option.textContent = text;
      return option;
    },
  );
  if (!options.some(([key]) => key === value)) select.value = options[0]?.[0] ?? '';
};

/** @param {Conversation | undefined} conversation @param {readonly Agent[]} agents */
export const showControls = (conversation, agents) => {
  if (shown?.id !== conversation?.id) {
    find('act-fault').textContent = '';
    find('speak-fault').textContent = '';
  }
  shown = conversation;
  reconcile(
    find('new-members'),
    agents,
    ({ name }) => name,
    ({ name }, old) => {
      if (old) return old;
      const box = /** @type {HTMLInputElement} */ (make('input'));
      box.type = 'checkbox';
      box.value = name;
      return make('label', box, name);
    },
  );
  if (!conversation) return;
  const { status, members, seats } = conversation;
  find('act-pause').hidden = status !== 'running';
  find('act-resume').hidden = status !== 'paused';
  find('act-step').hidden = status !== 'paused';
  find('act-end').hidden = status === 'ended';
  find('speak').hidden = status === 'ended';
  find('members').classList.toggle('over', status === 'ended');
  offer(speakAs, [
    ['say', 'operator'],
    ...Object.keys(seats).map(
      (name) => /** @type {[string, string]} */ ([`as ${name}`, `${name}, whose seat is taken`]),
    ),
    ...members.map((name) => /** @type {[string, string]} */ ([`to ${name}`, `whisper to ${name}`])),
  ]);
  if ([...speakAs.options].some(({ value }) => value === takenSeat)) {
    speakAs.value = takenSeat;
    takenSeat = '';
    speakText.focus();
  }
  offer(speakTo, [
    ['', 'nobody in particular'],
    ...members.map((name) => /** @type {[string, string]} */ ([name, name])),
  ]);
  speakTo.disabled = speakAs.value.startsWith('to ');
};

const speak = async () => {
  const [kind, name] = speakAs.value.split(' ', 2);
  const text = speakText.value.trim();
  if (text === '') return;
  const target = speakTo.value || undefined;
  if (kind === 'to') await act('whisper', { to: [name], text });
  else await act('say', { text, target, ...(kind === 'as' && { as: name }) });
  speakText.value = '';
};

for (const action of ['pause', 'resume', 'step', 'end']) {
  find(`act-${action}`).addEventListener('click', () => void attempt('act-fault', () => act(action)));
}
find('members').addEventListener('click', ({ target }) => {
  const name = target instanceof HTMLButtonElement ? target.dataset.name : undefined;
  if (name === undefined) return;
  const taken = shown !== undefined && Object.hasOwn(shown.seats, name);
  void attempt('act-fault', async () => {
    await act(taken ? 'unseat' : 'seat', { who: name });
    if (!taken) takenSeat = `as ${name}`;
  });
});
find('transcript').addEventListener('click', ({ target }) => {
  const seq = target instanceof HTMLButtonElement ? target.dataset.seq : undefined;
  if (seq === undefined) return;
  void attempt('act-fault', async () => {
    const { conversation } = await act('fork', { at: Number(seq) });
    location.hash = `#/${encodeURIComponent(conversation)}`;
  });
});
find('speak').addEventListener('submit', (event) => {
  event.preventDefault();
  void attempt('speak-fault', speak);
});
speakText.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  /** @type {HTMLFormElement} */ (find('speak')).requestSubmit();
});
find('new').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (find(id)).value.trim();
  const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (
    form.querySelectorAll('#new-members input:checked')
  );
  const topic = field('new-topic');
  const opening = field('new-opening');
  const turns = field('new-turns');
  void attempt('new-fault', async () => {
    const { conversation } = await post('v1/conversations', {
      members: [...boxes].map(({ value }) => value),
      policy: field('new-policy'),
      ...(topic && { topic }),
      ...(opening && { opening }),
      ...(turns && { limits: { maxTurns: Number(turns) } }),
    });
    form.reset();
    /** @type {HTMLDetailsElement} */ (find('new-conversation')).open = false;
    location.hash = `#/${encodeURIComponent(conversation)}`;
  });
});
