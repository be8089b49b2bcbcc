"""The textbook's outline: its parts, chapters and sections, and where in this book each is treated (section 1.4)."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmbook.book import sections

PARTS = {
    "introduction": ("Introduction", "绪论"),
    "pretraining": ("Pretraining", "预训练"),
    "instructions": ("Understanding and following instructions", "指令理解"),
    "applications": ("Extension and evaluation", "扩展应用和评价"),
}


@dataclass(frozen=True)
class Heading:
    """A section of the textbook.

    Attributes:
        id: its number, e.g. "2.3.1".
        title: in English.
        title_zh: as in the book.
    """

    id: str
    title: str
    title_zh: str


@dataclass(frozen=True)
class Chapter:
    """A chapter of the textbook.

    Attributes:
        number: 1 to 8.
        title: in English.
        title_zh: as in the book.
        part: a key of `PARTS`.
        needs: the chapters that it directly builds on.
        headings: its sections and their subsections, in order.
    """

    number: int
    title: str
    title_zh: str
    part: str
    needs: tuple[int, ...]
    headings: tuple[Heading, ...]


def _chapter(number: int, title: str, title_zh: str, part: str, needs: tuple[int, ...], headings: str) -> Chapter:
    rows = (line.split("|") for line in headings.strip().splitlines())
    return Chapter(number, title, title_zh, part, needs, tuple(Heading(*map(str.strip, row)) for row in rows))


CHAPTERS = (
    _chapter(1, "Introduction", "绪论", "introduction", (), """
        1.1 | Basic concepts of large language models | 大语言模型基本概念
        1.2 | History of large language models | 大语言模型发展历程
        1.3 | How a large language model is built | 大语言模型构建流程
        1.4 | Organisation of the book | 本书的内容安排
    """),
    _chapter(2, "Foundations of large language models", "大语言模型基础", "pretraining", (1,), """
        2.1 | Language models | 语言模型概述
        2.2 | The Transformer | Transformer 模型
        2.2.1 | The embedding layer | 嵌入表示层
        2.2.2 | The self-attention layer | 自注意力层
        2.2.3 | The feed-forward layer | 前馈层
        2.2.4 | Residual connection and layer normalisation | 残差连接与层归一化
        2.2.5 | Encoder and decoder | 编码器和解码器结构
        2.3 | Pre-trained language models | 预训练语言模型
        2.3.1 | The masked language model BERT | 掩码预训练语言模型 BERT
        2.3.2 | The generative language model GPT | 生成式预训练语言模型 GPT
        2.3.3 | The sequence-to-sequence language model BART | 序列到序列预训练语言模型 BART
        2.3.4 | Pretraining in practice with Hugging Face | 基于 HuggingFace 的预训练语言模型实践
        2.4 | The architecture of large language models | 大语言模型网络结构
        2.4.1 | The architecture of LLaMA | LLaMA 的模型结构
        2.4.2 | Faster attention | 注意力机制优化
    """),
    _chapter(3, "Training data", "语言模型训练数据", "pretraining", (2,), """
        3.1 | Sources | 数据来源
        3.1.1 | General data | 通用数据
        3.1.2 | Specialised data | 专业数据
        3.2 | Processing | 数据处理
        3.2.1 | Filtering by quality | 低质过滤
        3.2.2 | Deduplication | 冗余去除
        3.2.3 | Removal of personal data | 隐私消除
        3.2.4 | Tokenization | 词元切分
        3.3 | The effect of data | 数据影响分析
        3.3.1 | The effect of amount | 数据规模影响
        3.3.2 | The effect of quality | 数据质量影响
        3.3.3 | The effect of diversity | 数据多样性影响
        3.4 | Open data sets | 开源数据集合
        3.4.1 | Pile | Pile
        3.4.2 | ROOTS | ROOTS
        3.4.3 | RefinedWeb | RefinedWeb
        3.4.4 | SlimPajama | SlimPajama
    """),
    _chapter(4, "Distributed training", "分布式训练", "pretraining", (2,), """
        4.1 | Overview | 分布式训练概述
        4.2 | Parallel strategies | 分布式训练并行策略
        4.2.1 | Data parallelism | 数据并行
        4.2.2 | Model parallelism | 模型并行
        4.2.3 | Hybrid parallelism | 混合并行
        4.2.4 | Saving device memory | 计算设备内存优化
        4.3 | Cluster architectures | 分布式训练的集群架构
        4.3.1 | Parameter servers | 参数服务器架构
        4.3.2 | Decentralised architectures | 去中心化架构
        4.4 | DeepSpeed in practice | DeepSpeed 实践
        4.4.1 | Concepts | 基础概念
        4.4.2 | Distributed training of a GPT | GPT 分布式训练实践
    """),
    _chapter(5, "Supervised fine-tuning", "有监督微调", "instructions", (3, 4), """
        5.1 | Prompting and in-context learning | 提示学习和语境学习
        5.1.1 | Prompting | 提示学习
        5.1.2 | In-context learning | 语境学习
        5.2 | One format for all tasks | 任务范式统一
        5.2.1 | Instruction data | 指令数据
        5.2.2 | Training and evaluation | 训练与评估
        5.3 | Efficient fine-tuning | 高效模型微调
        5.3.1 | LoRA | LoRA
        5.3.2 | Variants of LoRA | LoRA 的变体
        5.4 | Longer context windows | 模型上下文窗口扩展
        5.4.1 | Position encodings that extrapolate | 具有外推能力的位置编码
        5.4.2 | Interpolation | 插值法
        5.5 | Supervised fine-tuning with DeepSpeed-Chat | DeepSpeed-Chat SFT 实践
        5.5.1 | Structure of the code | 代码结构
        5.5.2 | Preprocessing | 数据预处理
        5.5.3 | A model of one's own | 自定义模型
        5.5.4 | Inference | 模型推理
    """),
    _chapter(6, "Reinforcement learning", "强化学习", "instructions", (5,), """
        6.1 | Reinforcement learning from human feedback | 基于人类反馈的强化学习
        6.1.1 | Reinforcement learning | 强化学习概述
        6.1.2 | Reinforcement learning against supervised learning | 强化学习与有监督学习的区别
        6.1.3 | The stages of RLHF | 基于人类反馈的强化学习流程
        6.2 | The reward model | 奖励模型
        6.2.1 | Collecting data | 数据收集
        6.2.2 | Training | 模型训练
        6.2.3 | A reward model with DeepSpeed-Chat | 基于 DeepSpeed-Chat 的奖励模型实践
        6.3 | Proximal policy optimization | 近端策略优化
        6.3.1 | Policy gradient | 策略梯度
        6.3.2 | Generalised advantage estimation | 广义优势估计
        6.3.3 | The PPO algorithm | 近端策略优化算法
        6.4 | MOSS-RLHF in practice | MOSS-RLHF 实践
        6.4.1 | Training the reward model | 奖励模型训练
        6.4.2 | Fine-tuning by PPO | PPO 微调
    """),
    _chapter(7, "Applications", "大语言模型应用", "applications", (5,), """
        7.1 | Reasoning and planning | 推理规划
        7.1.1 | Chain-of-thought prompting | 思维链提示
        7.1.2 | Least-to-most prompting | 由少至多提示
        7.2 | Application frameworks | 综合应用框架
        7.2.1 | The modules of LangChain | LangChain 框架核心模块
        7.2.2 | Question answering over a knowledge base | 知识库问答实践
        7.3 | Agents | 智能代理
        7.3.1 | The parts of an agent | 智能代理的组成
        7.3.2 | Agents at work together | 智能代理的交互与应用实例
        7.4 | Multimodal models | 多模态大模型
        7.4.1 | MiniGPT-4 | MiniGPT-4
        7.4.2 | PaLM-E | PaLM-E
        7.4.3 | Visual ChatGPT | Visual ChatGPT
        7.5 | Faster inference | 大语言模型推理优化
        7.5.1 | FastServe | FastServe 框架
        7.5.2 | vLLM in practice | vLLM 推理框架实践
    """),
    _chapter(8, "Evaluation", "大语言模型评估", "applications", (6,), """
        8.1 | Overview | 模型评估概述
        8.2 | What is evaluated | 大语言模型评估体系
        8.2.1 | Knowledge and ability | 知识与能力
        8.2.2 | Ethics and safety | 伦理与安全
        8.2.3 | Special domains | 垂直领域评估
        8.3 | How it is evaluated | 大语言模型评估方法
        8.3.1 | Metrics | 评估指标
        8.3.2 | Methods | 评估方法
        8.4 | Evaluation in practice | 大语言模型评估实践
        8.4.1 | Base models | 基础模型评估
        8.4.2 | SFT and RL models | SFT/RL 模型评估
    """),
)  # fmt: skip


def chapters_before(number: int) -> list[int]:
    """The chapters to read before chapter `number`: those it needs, those that these need, and so on, in order."""
    found: set[int] = set()
    waiting = list(CHAPTERS[number - 1].needs)
    while waiting:
        chapter = waiting.pop()
        found.add(chapter)
        waiting += CHAPTERS[chapter - 1].needs
    return sorted(found)


def place_of(id: str, notebooks: Iterable[str]) -> str | None:
    """The notebook, among the ids of `notebooks`, that treats a section: its own, or the nearest section around it.

    2.2.1 is treated in the notebook of 2.2; where there is neither one of 2.2.1 nor of 2.2, the place is None.
    """
    there = set(notebooks)
    while id and id not in there:
        id = id.rpartition(".")[0]
    return id or None


def chapter_map(root: Path, folder: Path) -> str:
    """The outline as Markdown, a table for each chapter, with a link for every notebook that exists.

    Args:
        root: the book's folder.
        folder: where the text will be read; links are relative to it.

    Returns:
        Markdown in which each section and subsection of the textbook stands once. What no notebook treats yet is marked
        "to come".
    """
    links = {section.id: Path(os.path.relpath(section.path, folder)).as_posix() for section in sections(root)}
    lines: list[str] = []
    part = None
    for chapter in CHAPTERS:
        if chapter.part != part:
            part = chapter.part
            lines += [f"### {PARTS[part][0]} ({PARTS[part][1]})", ""]
        needs = f", builds on {' and '.join(map(str, chapter.needs))}" if chapter.needs else ""
        lines += [f"**Chapter {chapter.number}. {chapter.title}** ({chapter.title_zh}){needs}", ""]
        lines += ["| section | title | parts |", "| --- | --- | --- |"]
        for heading in chapter.headings:
            if heading.id.count(".") == 1:
                parts = [part for part in chapter.headings if part.id.startswith(f"{heading.id}.")]
                lines.append(_row(heading, parts, links))
        lines.append("")
    return "\n".join(lines)


def _row(heading: Heading, parts: Sequence[Heading], links: dict[str, str]) -> str:
    """A section and its parts. Parts are "to come" one by one only where others of them are there."""
    begun = heading.id in links or any(part.id in links for part in parts)
    named = []
    for part in parts:
        missing = begun and place_of(part.id, links) is None
        named.append(f"{part.id} {_linked(part, links)}{' (to come)' if missing else ''}")
    title = f"{_linked(heading, links)} ({heading.title_zh})" + ("" if begun else " (to come)")
    return f"| {heading.id} | {title} | {'; '.join(named)} |"


def _linked(heading: Heading, links: dict[str, str]) -> str:
    return f"[{heading.title}]({links[heading.id]})" if heading.id in links else heading.title
