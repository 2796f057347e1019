"""Models of full size with random weights for `benchmarks.batching`: what they say is noise, what they cost is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers

_SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]


def _characters(folder: Path) -> int:
    """A tokenizer of single characters: as many tokens as a Chinese caption has. Returns its vocabulary."""
    from transformers import PreTrainedTokenizerFast

    words = {token: number for number, token in enumerate([*_SPECIAL, *(chr(code) for code in range(33, 127))])}
    backend = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    make: Any = PreTrainedTokenizerFast
    make(
        tokenizer_object=backend, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", unk_token="<unk>",
        model_max_length=512,
    ).save_pretrained(folder)  # fmt: skip
    return len(words)


def siglip_base(folder: Path) -> Path:
    """SigLIP 2 base's vision tower (86 million parameters, 256 pixels); the text tower has a small vocabulary."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    torch.manual_seed(0)
    size = _characters(folder)
    SiglipImageProcessor(size={"height": 256, "width": 256}).save_pretrained(folder)
    config = SiglipConfig(
        vision_config={"image_size": 256, "patch_size": 16},
        text_config={"vocab_size": size, "num_hidden_layers": 2, "max_position_embeddings": 64},
    )
    return _saved(SiglipModel(config), folder)


def xlm_roberta_base(folder: Path) -> Path:
    """The size of multilingual-e5-base (86 million parameters without the vocabulary), mean pooling."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import XLMRobertaConfig, XLMRobertaModel

    torch.manual_seed(0)
    backbone = folder / "backbone"
    size = _characters(backbone)
    config = XLMRobertaConfig(vocab_size=size, max_position_embeddings=514, pad_token_id=0)
    _saved(XLMRobertaModel(config), backbone)
    parts = [Transformer(str(backbone), max_seq_length=512), Pooling(config.hidden_size, pooling_mode="mean")]
    SentenceTransformer(modules=parts, device="cpu").save_pretrained(str(folder / "model"))
    return folder / "model"


def _saved(model: Any, folder: Path) -> Path:
    model.eval().save_pretrained(folder)
    return folder
