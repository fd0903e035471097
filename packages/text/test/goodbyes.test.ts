import { describe, expect, it } from 'vitest';
import { saysGoodbye } from '../src/index.ts';

describe('saysGoodbye', () => {
  it.each([
    'Goodbye, and thanks again!',
    "You're very welcome.",
    'Auf Wiedersehen und alles Gute!',
    'Merci beaucoup, à bientôt !',
    '¡Muchas gracias, hasta luego!',
    'Muito obrigada, até logo!',
    'Grazie mille e a presto!',
    'Спасибо большое, до свидания!',
    'شكرا جزيلا، مع السلامة',
    'תודה רבה, להתראות!',
    'बहुत धन्यवाद, फिर मिलेंगे!',
    '정말 감사합니다. 안녕히 계세요!',
    '非常感谢你的分享，祝你一切顺利，再见！',
    'ありがとうございました。それではまたね。',
    'ขอบคุณมาก แล้วพบกันใหม่',
    'Cảm ơn bạn, tạm biệt!',
  ])('saysGoodbye finds a goodbye in “%s”', (text) => expect(saysGoodbye(text)).toBe(true));

  it('saysGoodbye takes a text of 25 words for a goodbye, and no longer one', () => {
    expect(saysGoodbye(`bye${' then'.repeat(24)}`)).toBe(true);
    expect(saysGoodbye(`bye${' then'.repeat(25)}`)).toBe(false);
    expect(saysGoodbye(`再见${'好'.repeat(48)}`)).toBe(true);
    expect(saysGoodbye(`再见${'好'.repeat(49)}`)).toBe(false);
  });

  it.each(['bye', 'Take care of it!', 'all the best', '拜拜', 'ลาก่อน'])(
    'saysGoodbye finds each goodbye of its list alone: “%s”',
    (text) => expect(saysGoodbye(text)).toBe(true),
  );

  it.each([
    'The bypass was built in 1972.',
    'Ciao, come stai?',
    'Hallo, wie geht es dir?',
    '你好，我们开始吧。',
    'こんにちは、始めましょう。',
    'Hola, ¿cómo estás?',
    `Goodbye. ${'There is more to say about the harbour. '.repeat(4)}`,
    `再见。${'不过在此之前我们还需要讨论茶和咖啡的问题。'.repeat(3)}`,
  ])('saysGoodbye finds no goodbye in “%s”', (text) => expect(saysGoodbye(text)).toBe(false));
});
