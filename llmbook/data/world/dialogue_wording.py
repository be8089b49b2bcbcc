"""What customers and shopkeepers say, in English and Chinese, by what they mean by it."""

EN = {
    "customer": "Customer",
    "shopkeeper": "Shopkeeper",
    "colon": ": ",
    "hello": ("Hello!", "Good morning!", "Good afternoon!", "Good day to you!"),
    "welcome": (
        "Welcome to {shop}! What can I do for you?",
        "Hello, and welcome to {shop}!",
        "Good to see you at {shop}. What would you like?",
        "This is {shop}. How can I help you?",
    ),
    "ask": (
        "How much is the {product}?",
        "What does the {product} cost?",
        "I like the {product}. How much is it?",
        "What is the price of the {product}?",
    ),
    "ask more": (
        "And how much is the {product}?",
        "What does the {product} cost, then?",
        "I also like the {product}. How much is it?",
        "And the price of the {product}?",
    ),
    "price": (
        "It costs {price} coins.",
        "That one is {price} coins.",
        "The {product} is {price} coins.",
        "You can have it for {price} coins.",
    ),
    "ask missing": (
        "Do you have the {product}?",
        "I am looking for the {product}.",
        "Is the {product} sold here?",
    ),
    "missing": (
        "I am sorry, we do not sell it.",
        "No, you will have to look for it elsewhere.",
        "We do not have the {product}, I am afraid.",
    ),
    "offer": (
        "That is a lot. Would you take {offer} coins?",
        "Can you make it {offer} coins?",
        "That is too expensive. I can give you {offer} coins.",
        "How about {offer} coins?",
    ),
    "accept": (
        "All right, {agreed} coins.",
        "Very well, it is yours for {agreed} coins.",
        "Because it is you: {agreed} coins.",
    ),
    "meet": (
        "I cannot go that low, but {agreed} coins would do.",
        "Let us say {agreed} coins.",
        "My last word is {agreed} coins.",
    ),
    "refuse": (
        "I am sorry, it stays at {price} coins.",
        "No, I cannot sell it for less than {price} coins.",
        "Our prices are fixed, so it is {price} coins.",
    ),
    "give in": ("All right.", "Agreed.", "Well, that is fair."),
    "take one": ("I will take one.", "One, please.", "Then give me one."),
    "take": ("I will take {count}.", "{Count}, please.", "Then give me {count}."),
    "subtotal": (
        "{Count} times {agreed} is {subtotal} coins.",
        "{agreed} × {n} = {subtotal}, so that makes {subtotal_again} coins.",
        "At {agreed} coins each, {count} cost {subtotal} coins.",
    ),
    "sum": (
        "{sum} is {total} coins in all.",
        "{sum} = {total}. That makes {total_again} coins, please.",
        "Together that is {sum} = {total} coins.",
    ),
    "pay": ("Here are {paid} coins.", "I will pay with {paid} coins.", "Please take {paid} coins."),
    "exact": ("Thank you, that is exactly right.", "Thank you, no change is needed.", "Perfect, thank you."),
    "change": (
        "{paid} - {total} = {change}. Here is your change: {change_again} {coins}.",
        "Thank you. Your change is {change} {coins}.",
        "And {change} {coins} back for you.",
    ),
    "bye": ("Thank you, goodbye!", "Goodbye!", "Thanks, see you again!"),
    "bye too": ("Goodbye, come again!", "Have a good day!", "Thank you for coming!"),
}

ZH = {
    "customer": "顾客",
    "shopkeeper": "店主",
    "colon": "：",
    "hello": ("你好！", "早上好！", "下午好！", "老板好！"),
    "welcome": (
        "欢迎光临{shop}！您想买点什么？",
        "您好，欢迎来到{shop}！",
        "您好，这里是{shop}。需要帮忙吗？",
        "欢迎来{shop}！请随便看。",
    ),
    "ask": (
        "{product}多少钱？",
        "请问{product}怎么卖？",
        "我喜欢这{measure}{product}，多少钱？",
        "{product}的价格是多少？",
    ),
    "ask more": (
        "那{product}多少钱？",
        "{product}又怎么卖？",
        "我还喜欢这{measure}{product}，多少钱？",
        "还有{product}的价格呢？",
    ),
    "price": (
        "{price}文一{measure}。",
        "一{measure}{price}文。",
        "{product}卖{price}文。",
        "这个要{price}文。",
    ),
    "ask missing": (
        "你们有{product}吗？",
        "我在找{product}。",
        "这里卖{product}吗？",
    ),
    "missing": (
        "对不起，我们不卖这个。",
        "没有，您得去别处看看。",
        "不好意思，本店没有{product}。",
    ),
    "offer": (
        "太贵了，{offer}文行吗？",
        "能便宜点吗？{offer}文怎么样？",
        "有点贵，我出{offer}文。",
        "{offer}文卖不卖？",
    ),
    "accept": (
        "好吧，就{agreed}文。",
        "行，{agreed}文卖给您。",
        "看您是老主顾，{agreed}文吧。",
    ),
    "meet": (
        "这个价太低了，{agreed}文可以。",
        "那就{agreed}文吧。",
        "最低{agreed}文，不能再少了。",
    ),
    "refuse": (
        "对不起，还是{price}文。",
        "不行，少于{price}文不卖。",
        "本店不讲价，就是{price}文。",
    ),
    "give in": ("好的。", "也行。", "可以。"),
    "take one": ("我要一{measure}。", "给我来一{measure}。", "我买一{measure}。"),
    "take": ("我要{count}{measure}。", "给我来{count}{measure}。", "我买{count}{measure}。"),
    "subtotal": (
        "{count}{measure}一共{subtotal}文。",
        "{agreed} × {n} = {subtotal}，就是{subtotal_again}文。",
        "每{measure}{agreed}文，{count}{measure}是{subtotal}文。",
    ),
    "sum": (
        "{sum}，总共{total}文。",
        "{sum} = {total}，一共{total_again}文。",
        "加起来是{sum} = {total}文。",
    ),
    "pay": ("给您{paid}文。", "这是{paid}文。", "请收下{paid}文。"),
    "exact": ("谢谢，正好。", "谢谢，不用找钱了。", "刚刚好，谢谢您。"),
    "change": (
        "{paid} - {total} = {change}，找您{change_again}文。",
        "谢谢，找您{change}文。",
        "收您{paid}文，找回{change}文。",
    ),
    "bye": ("谢谢，再见！", "再见！", "多谢，下次再来！"),
    "bye too": ("再见，欢迎再来！", "慢走！", "谢谢光临！"),
}
