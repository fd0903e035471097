import { eachWord } from './words.ts';

/**
 * Words of goodbye and of thanks that end a conversation, by language. A word that also greets ("ciao", "shalom"), or that is
 * often used in the middle of a conversation, is left out.
 */
const spaced: readonly string[] = [
  // English
  'good ?bye|bye|farewell|take care|see you|so long|have a (?:great|good|nice|wonderful|lovely)|thanks again',
  "thank you (?:so much|very much|again|for)|you(?:'re| are) (?:very |most )?welcome|until next time",
  'all the best|best wishes|my pleasure',
  // German, Dutch
  "auf wiedersehen|tschüss|tschüß|bis bald|bis dann|bis zum nächsten mal|mach's gut|alles gute|vielen dank",
  'gern geschehen|schönen tag noch|tot ziens|tot de volgende keer|hartelijk dank',
  // French, Italian
  'au revoir|à bientôt|à la prochaine|bonne (?:journée|soirée|continuation)|prends soin de toi|prenez soin de vous',
  'merci (?:beaucoup|encore|infiniment)|arrivederci|a presto|alla prossima|buona (?:giornata|serata)|grazie mille',
  // Spanish, Portuguese
  'adi[oó]s|hasta (?:luego|pronto|la próxima|la vista)|nos vemos|cu[ií]date|muchas gracias|que te vaya bien',
  'tchau|adeus|até (?:logo|breve|mais|à próxima|a próxima)|muito obrigad[oa]|tudo de bom',
  // Polish, Turkish, Vietnamese, Indonesian
  'do widzenia|do zobaczenia|hoşça kal(?:ın)?|görüşmek üzere|güle güle|tạm biệt|hẹn gặp lại|sampai jumpa|terima kasih banyak',
  // Russian, Ukrainian
  'до свидания|до встречи|всего (?:доброго|хорошего|наилучшего)|большое спасибо|спасибо большое|до побачення|дуже дякую',
  // Arabic, Hebrew, Hindi
  'مع السلامة|إلى اللقاء|وداعا|وداعًا|شكرا جزيلا|شكرًا جزيلًا|להתראות|תודה רבה|अलविदा|फिर मिलेंगे|बहुत धन्यवाद|बहुत-बहुत धन्यवाद',
  // Korean
  '안녕히 (?:계세요|가세요|계십시오|가십시오)|다음에 (?:또 )?(?:봐요|뵙겠습니다|만나요)|정말 감사합니다|대단히 감사합니다|천만에요',
];
/** The same in scripts without blanks between words. */
const unspaced: readonly string[] = [
  // Chinese
  '再见|再見|拜拜|回头见|下次再聊|下次見|下次见|后会有期|保重|祝你好运|祝您好运|非常感谢|非常感謝|不客气|不客氣',
  // Japanese, Thai
  'さようなら|さよなら|またね|ではまた|また今度|お元気で|どういたしまして|ありがとうございました|ลาก่อน|แล้วพบกันใหม่|ขอบคุณมาก',
];

const goodbye = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${spaced.join('|')})(?![\\p{L}\\p{N}\\p{M}])|${unspaced.join('|')}`,
  'iu',
);

/** A longer message says something besides goodbye. */
const maxWords = 25;
/** In scripts without blanks, two characters count as about one word. */
const wideWord = 0.5;

const lengthOf = (text: string): number => {
  let words = 0;
  eachWord(text, (_, isWide) => {
    words += isWide ? wideWord : 1;
  });
  return words;
};

/** Whether a text is short and says thanks or goodbye. A guess from a list of words. */
export const saysGoodbye = (text: string): boolean => lengthOf(text) <= maxWords && goodbye.test(text);
