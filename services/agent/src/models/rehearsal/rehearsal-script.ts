/** An aspect of a topic: arguments for it, arguments against it, and questions about it. */
export interface Aspect {
  readonly pro: string;
  readonly con: string;
  readonly ask: string;
}
export type Side = 'pro' | 'con';

const aspect = (ask: string, pro: string, con: string): Aspect => ({ ask, pro, con });

/** General enough for any topic. Each sentence is in the list once, so that a reader sees it once. */
export const aspects: readonly Aspect[] = [
  aspect(
    'Who pays for it in the first year?',
    'Whatever it costs at first, the bill for leaving things as they are is larger; it only comes later.',
    'Somebody has to pay for it on day one, and that is rarely the one who gains.',
  ),
  aspect(
    'What would you accept as evidence against yourself?',
    'Where people tried it in earnest, few of them asked to go back.',
    'The cases in its favour are those that somebody chose to write down.',
  ),
  aspect(
    'Who has the least say in it, and what do they get?',
    'It helps those most who are heard least today.',
    'It asks the same of everyone, and the same is not always fair.',
  ),
  aspect(
    'How long before we could tell whether it worked?',
    'Most of its good comes slowly, which is why the impatient miss it.',
    'A promise that needs twenty years cannot be checked by those who make it.',
  ),
  aspect(
    'If it turned out badly, how would one undo it?',
    'We can begin small, and stop if we are wrong.',
    'Such things are easy to start and strangely hard to stop.',
  ),
  aspect(
    'Which habit would have to change first?',
    'A habit looks like nature until somebody changes it; then nobody misses it.',
    'People live by their habits, and an idea that ignores them stays on paper.',
  ),
  aspect(
    'Does it leave people more choices, or fewer?',
    'A good rule can widen what people are free to do, as traffic lights do.',
    'One rule like this is light; it is the pile of them that weighs.',
  ),
  aspect(
    'Which side effect does nobody mention?',
    'Even its side effects are welcome: people begin to talk to each other about it.',
    'What worries me is less the plan than what clever people will do around it.',
  ),
  aspect(
    'Whose word should count most here?',
    'Those who do the work every day are mostly for it.',
    'Those who know the matter best are the most careful with it.',
  ),
  aspect(
    'Would it still hold at a hundred times the size?',
    'What works in one street can work in the next; everything large began like that.',
    'What works for ten people tends to break at ten thousand.',
  ),
  aspect(
    'If you could watch one number, which would it be?',
    'One can see within a season how it goes, and correct it.',
    'What can be counted about it is not what counts.',
  ),
  aspect(
    'Why should anybody trust those who run it?',
    'Trust grows where people see that they are asked, and here they are.',
    'Trust is spent faster than it is earned, and this spends it.',
  ),
  aspect(
    'Where would you allow an exception?',
    'An exception here and there is no reason to drop the rule.',
    'With so many exceptions I no longer see the rule.',
  ),
  aspect(
    'What is the best alternative you have thrown away?',
    'I have yet to hear of another way that is less bad.',
    'There are duller ways to most of the good, with little of the danger.',
  ),
  aspect(
    'What do you mean, exactly, by the word in the middle of this?',
    'Half of the quarrel is about words; the thing itself is plain enough.',
    'While we mean two things by one word, we agree too easily.',
  ),
  aspect(
    'When was something like it tried before?',
    'Nearly everything that we call normal was called reckless once.',
    'History remembers the bold who were right and forgets the others.',
  ),
  aspect(
    'What will a child of today say of it in thirty years?',
    'Those who will live with it longest are those who want it most.',
    'It binds people who are too young to be asked.',
  ),
  aspect(
    'Can you put the hard part in one sentence?',
    'The whole of it fits in one sentence, and that is a strength.',
    'It sounds simple because the hard part has been left out.',
  ),
  aspect(
    'Who would profit from doing it badly?',
    'It rewards people for what they ought to do anyway.',
    'It rewards looking good, which is cheaper than being good.',
  ),
  aspect(
    'What is the worst that could happen, honestly?',
    'Doing nothing is a risk as well; we have only grown used to it.',
    'A small chance of great harm is not made good by many small comforts.',
  ),
  aspect(
    'Would it suit the place where you grew up?',
    'It leaves every place room to do it in its own way.',
    'What suits a large city can ruin a village.',
  ),
  aspect(
    'What would an ordinary Tuesday be like with it?',
    'It makes an ordinary day a little better, and no table shows that.',
    'It takes something out of an ordinary day that no table shows.',
  ),
  aspect(
    'What is lost by waiting a year?',
    'Waiting is a choice too, and often the expensive one.',
    'Whenever I am told to hurry, I look for what I am not meant to read.',
  ),
  aspect(
    'Which of us two has to prove something here?',
    'What is good enough to dream of is good enough to try once.',
    'Those who want the change have to prove it, not those who live with it.',
  ),
];

/** `{name}`: the last speaker. `{quote}`: a quotation of it. `{topic}`, `{role}`: settings of the operator. */
export const greetings = [
  'Good to have you here, {name}.',
  'Glad you could come, {name}.',
  'Welcome, {name}.',
];
export const topicLines = ['Let us take up this: “{topic}”', 'Before us lies this: “{topic}”'];
export const stances: Record<Side, readonly string[]> = {
  pro: ['On the whole I am for it.', 'I lean towards a yes.'],
  con: ['I admit that I doubt it.', 'I lean towards a no.'],
};
export const roleLines = [
  'You know me, {name}: {role}.',
  'I say that as {role}.',
  'Remember that you talk to {role}.',
];
export const reminders = [
  'And it was “{topic}” that we set out from.',
  'To come back to “{topic}” for a moment.',
  'That, after all, is what “{topic}” comes down to.',
];

export const rebuttals = [
  'I hear “{quote}”, and I see it differently.',
  'You say “{quote}”; I am not there yet.',
  '“{quote}” is well put, {name}, but there is another side.',
  'Against “{quote}” I would set this.',
  'If “{quote}” were the whole story, I would agree.',
  '“{quote}”, you say; I would turn it round.',
  'Hold on to “{quote}” for a moment, {name}.',
  'What “{quote}” leaves out is the other half.',
  'I can go with “{quote}” half of the way.',
  '“{quote}” sounds right until one tries it.',
  'Your “{quote}” made me stop; still, no.',
  'Let me weigh “{quote}” against something, {name}.',
  'I would not rest my case on “{quote}”.',
  'When I hear “{quote}”, I think of the people it leaves out.',
];
export const concessions = [
  'I give you that, {name}: “{quote}” is true.',
  'On “{quote}” you have moved me a little.',
  'I had not thought of “{quote}” like that; thank you.',
  '“{quote}” is stronger than what I had in mind.',
  'You are right about “{quote}”, and I will not pretend otherwise.',
  'Fine: “{quote}” stands.',
];
export const butStill = [
  'But it does not settle the matter.',
  'Something else keeps me where I am, though.',
  'That still leaves this.',
  'And yet.',
  'I would only add one thing.',
];
export const answers = [
  'A fair question.',
  'Since you ask, {name}:',
  'I hoped that somebody would ask.',
  'Let me answer plainly.',
  'That is the right question, {name}.',
  'I have turned that one over for a while.',
  'My honest answer is short.',
  'You put your finger on it.',
  'I would rather answer that than walk round it.',
  'Easily asked, {name}, and not so easily answered.',
  'Straight to the point, then.',
  'I can only say what I have seen.',
  'Let me try.',
  'You want to know; very well.',
  'I was afraid of that one.',
  'There is a short answer to that, {name}, and I believe it.',
  'I will say it as I would say it at home.',
  'To that I have a clear answer, for once.',
  'Here is where I come down.',
  'You will not like my answer, {name}.',
];
export const turns = [
  'There is a side that we have not touched.',
  'Let me bring in something new.',
  'Look at it from elsewhere.',
  'One thing has been missing so far.',
  'Take another example.',
  'I keep coming back to something else.',
  'Put that next to this.',
  'Let us leave the surface.',
  'I have another worry, or another hope.',
  'Walk round it once with me.',
  'Here is what I would start from.',
  'Set that aside for a minute, {name}.',
];
export const questions = [
  'So tell me, {name}:',
  'Then let me ask you.',
  'What I would like to hear from you:',
  'Now you, {name}.',
  'Here is what I cannot settle alone.',
  'Which makes me wonder.',
  'One question back.',
  'And this I ask in earnest.',
  'Help me with this, {name}.',
  'Allow me a question.',
  'May I put it to you directly?',
  'I would give something to know this.',
  'Let me hand it back to you, {name}.',
  'What do you say to this?',
  'I am curious about one more thing.',
  'Try this one, {name}.',
  'There is a question behind it.',
  'Before I go on, let me hear you.',
];
export const acknowledgements = ['I see what you mean, {name}.', 'Noted, {name}.', 'All right, {name}.'];
export const windingDown = [
  'We have little room left, so to the heart of it.',
  'Before we run out of turns, one last thing.',
  'Let me come to what matters most to me.',
  'Time to draw the threads together.',
];
export const lastWords: Record<Side, readonly string[]> = {
  pro: ['I am still for it, with my eyes open.', 'My yes stands, though it has become a more careful one.'],
  con: ['I still doubt it, but less comfortably than before.', 'My no has become a “not like this”.'],
};
export const keepsakes = [
  'What I take with me, {name}, is “{quote}”.',
  'I shall think about “{quote}”.',
  '“{quote}” will stay with me.',
  'Your “{quote}” was worth the whole talk.',
];
export const farewells = [
  'Thank you, {name}; let us leave it there.',
  'That was a good talk, {name}. Until the next one.',
  'With that I rest my case.',
  'Enough for today; thank you.',
];
/** Topics for an opening without a topic. */
export const topics = [
  'Should libraries lend tools as well as books?',
  'Is a map better for what it leaves out?',
  'Should a town keep one day a month without clocks?',
  'Should every street have one bench more than it needs?',
  'Does a good question matter more than a good answer?',
  'Should one finish a book that one does not like?',
];
