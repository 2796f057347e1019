"""Tiny models of the real architectures with random weights, saved as a hub repository would hold them.

They know nothing; what they show is that the code path from a folder to vectors is the right one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    ChineseCLIPConfig,
    ChineseCLIPImageProcessor,
    ChineseCLIPModel,
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPVisionConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
    Siglip2Config,
    Siglip2ImageProcessor,
    Siglip2Model,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

WIDTH, LENGTH = 32, 16
_TOWER = {"hidden_size": WIDTH, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
_SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]


def letters_tokenizer(folder: Path, *, ends: bool = False) -> int:
    """A tokenizer that knows letters, figures and some Chinese; `ends` closes every text. Returns its vocabulary."""
    letters = [chr(code) for code in range(33, 127)] + list("猫狗一张的照片。在街上做饭音乐天气很好今")
    vocabulary = {token: number for number, token in enumerate([*_SPECIAL, *letters])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split("", "isolated")]
    )
    if ends:
        backend.post_processor = processors.TemplateProcessing(
            single="<bos> $A <eos>", special_tokens=[("<bos>", 2), ("<eos>", 1)]
        )
    PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", unk_token="<unk>",
        model_max_length=LENGTH,
    ).save_pretrained(folder)  # fmt: skip
    return len(vocabulary)


def _saved(model: Any, folder: Path) -> Path:
    model.eval().save_pretrained(folder)
    return folder


def tiny_siglip(folder: Path) -> Path:
    """SigLIP, and SigLIP 2 of fixed size: 32 x 32 pictures in patches of 8."""
    torch.manual_seed(1)
    size = letters_tokenizer(folder)
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    text = _TOWER | {"vocab_size": size, "max_position_embeddings": LENGTH, "projection_size": WIDTH}
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=_TOWER | {"image_size": 32, "patch_size": 8}))
    model.logit_scale.data.fill_(4.7)
    model.logit_bias.data.fill_(-16.0)
    return _saved(model, folder)


def tiny_siglip2(folder: Path) -> Path:
    """SigLIP 2 NaFlex: up to 16 patches of 8, in the picture's own shape."""
    torch.manual_seed(2)
    size = letters_tokenizer(folder)
    Siglip2ImageProcessor(patch_size=8, max_num_patches=16).save_pretrained(folder)
    text = _TOWER | {"vocab_size": size, "max_position_embeddings": LENGTH, "projection_size": WIDTH}
    model = Siglip2Model(Siglip2Config(text_config=text, vision_config=_TOWER | {"num_patches": 16, "patch_size": 8}))
    model.logit_scale.data.fill_(4.7)
    model.logit_bias.data.fill_(-16.0)
    return _saved(model, folder)


def tiny_clip(folder: Path) -> Path:
    """CLIP with a projection to 24 numbers."""
    torch.manual_seed(3)
    size = letters_tokenizer(folder, ends=True)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    text = _TOWER | {
        "vocab_size": size, "max_position_embeddings": LENGTH, "eos_token_id": 1, "bos_token_id": 2, "pad_token_id": 0,
    }  # fmt: skip
    vision = _TOWER | {"image_size": 32, "patch_size": 8}
    return _saved(CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)), folder)


def tiny_chinese_clip(folder: Path) -> Path:
    """Chinese-CLIP: BERT's tower for the text, projected to 24 numbers."""
    torch.manual_seed(4)
    folder.mkdir(parents=True, exist_ok=True)
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *"猫狗一张的照片。在街上做饭音乐天气很好今",
        *"abcdefghijklmnopqrstuvwxyz",
    ]
    words += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    BertTokenizer(vocab={word: number for number, word in enumerate(words)}).save_pretrained(folder)
    ChineseCLIPImageProcessor(size={"height": 32, "width": 32}, do_center_crop=False).save_pretrained(folder)
    text = _TOWER | {"vocab_size": len(words), "max_position_embeddings": 64}
    vision = _TOWER | {"image_size": 32, "patch_size": 8}
    config = ChineseCLIPConfig(text_config=text, vision_config=vision, projection_dim=24)
    return _saved(ChineseCLIPModel(config), folder)


def tiny_sentence_transformer(folder: Path, kind: str) -> Path:
    """A text encoder: "qwen3" as Qwen3-Embedding (last token, left padding, prompts), "xlmr" as BGE-M3, or "bert"."""
    torch.manual_seed(5)
    backbone = folder / "backbone"
    size = letters_tokenizer(backbone, ends=True)
    common = {"vocab_size": size, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1} | _TOWER
    if kind == "qwen3":
        config: Any = Qwen3Config(num_key_value_heads=2, head_dim=8, max_position_embeddings=64, **common)
        _saved(Qwen3Model(config), backbone)
    elif kind == "xlmr":
        _saved(XLMRobertaModel(XLMRobertaConfig(max_position_embeddings=66, **common)), backbone)
    else:
        _saved(BertModel(BertConfig(max_position_embeddings=64, **common)), backbone)
    transformer = Transformer(str(backbone), max_seq_length=LENGTH)
    if kind == "qwen3":
        transformer.tokenizer.padding_side = "left"
    mode = {"qwen3": "lasttoken", "xlmr": "cls", "bert": "mean"}[kind]
    prompts = {"query": "find: ", "document": ""} if kind == "qwen3" else None
    model = SentenceTransformer(modules=[transformer, Pooling(WIDTH, pooling_mode=mode)], prompts=prompts, device="cpu")
    model.save_pretrained(str(folder / "model"))
    return folder / "model"


def tiny_clap(folder: Path, *, fused: bool = False) -> Path:
    """CLAP: a small Swin tower over the spectrogram, a small RoBERTa, both projected to 24 numbers."""
    torch.manual_seed(6)
    size = letters_tokenizer(folder, ends=True)
    ClapFeatureExtractor(truncation="fusion" if fused else "rand_trunc").save_pretrained(folder)
    text = _TOWER | {"vocab_size": size, "max_position_embeddings": 130, "pad_token_id": 0, "projection_dim": 24}
    audio = {
        "patch_embeds_hidden_size": 8, "hidden_size": 64, "depths": [1, 1, 1, 1], "num_attention_heads": [1, 2, 2, 4],
        "projection_dim": 24, "enable_fusion": fused, "fusion_type": "aff_2d" if fused else None,
    }  # fmt: skip
    return _saved(ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=24)), folder)


_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}{% endif %}"
)


def bytes_tokenizer(folder: Path, *, chat: bool = True) -> Any:
    """A tokenizer of the 256 bytes, as byte-level BPE without a merge, with Qwen's turns as its chat template."""
    special = ["<|im_start|>", "<|im_end|>", "<image>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*letters, *special])}
    backend = Tokenizer(models.BPE(vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|im_end|>", chat_template=_CHAT if chat else None,
        additional_special_tokens=special,
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    return tokenizer


def tiny_chat(folder: Path, *, chat: bool = True) -> Path:
    """Qwen3 as a chat model over bytes."""
    torch.manual_seed(7)
    tokenizer = bytes_tokenizer(folder, chat=chat)
    # More logits than tokens, as Qwen's own models have.
    config = Qwen3Config(
        vocab_size=len(tokenizer) + 29, num_key_value_heads=2, head_dim=8, max_position_embeddings=4096,
        eos_token_id=tokenizer.eos_token_id, **_TOWER,
    )  # fmt: skip
    return _saved(Qwen3ForCausalLM(config), folder)


def tiny_seeing_chat(folder: Path) -> Path:
    """LLaVA: CLIP's picture tower in front of Qwen2, pictures of 32 x 32 in patches of 8."""
    torch.manual_seed(8)
    tokenizer = bytes_tokenizer(folder)
    images = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    image = tokenizer.convert_tokens_to_ids("<image>")
    LlavaProcessor(
        images, tokenizer, patch_size=8, vision_feature_select_strategy="default", num_additional_image_tokens=1,
        chat_template=_CHAT,
    ).save_pretrained(folder)  # fmt: skip
    text = Qwen2Config(
        vocab_size=len(tokenizer), num_key_value_heads=2, max_position_embeddings=4096,
        eos_token_id=tokenizer.eos_token_id, **_TOWER,
    )  # fmt: skip
    vision = CLIPVisionConfig(image_size=32, patch_size=8, **_TOWER)
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=image, vision_feature_layer=-2)
    return _saved(LlavaForConditionalGeneration(config), folder)
