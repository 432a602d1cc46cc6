"""Makes the fixtures (fixtures.py make FOLDER), or reads with numpy and safetensors what the C writers wrote
(fixtures.py verify FOLDER). Needs numpy, ml_dtypes and the safetensors package. Every array counts 0, 1, 2... in row-major order;
truth values are true at odd places. The arrays named after a type that is read by conversion begin 6 below instead, where
it has negative numbers, and end with its least and greatest."""
import gzip
import os
import sys

import numpy as np
from safetensors.numpy import load_file, save_file
from safetensors import safe_open


def count(shape, dtype):
    n = int(np.prod(shape))
    a = np.arange(n)
    return (a % 2 == 1 if dtype == "?" else a.astype(dtype)).reshape(shape)


def stored_types():
    import ml_dtypes
    return [("f16", np.float16), ("bf16", ml_dtypes.bfloat16), ("i8", np.int8), ("i16", np.int16), ("u16", np.uint16),
            ("u32", np.uint32), ("u64", np.uint64)]


def stored(name, dtype):
    """0, 1, 2, or -6, -5, ..., and the extremes, of a type that is read by conversion."""
    import ml_dtypes
    info = ml_dtypes.finfo(dtype) if "f" in name else np.iinfo(dtype)
    a = np.arange(6) - (6 if info.min < 0 else 0)
    extremes = np.array([info.min, info.max if "f" in name else min(info.max, 2**63 - 1)], dtype=dtype)
    return np.concatenate([a.astype(dtype), extremes]).reshape(2, 4)


def make(folder):
    def save(name, array, version=None):
        with open(os.path.join(folder, name), "wb") as f:
            np.lib.format.write_array(f, array, version=version)

    for name, dtype in [("f4", "<f4"), ("f8", "<f8"), ("i4", "<i4"), ("i8", "<i8"), ("u1", "u1"), ("b1", "?")]:
        save(name + ".npy", count((2, 3), dtype))
    save("f4_big.npy", count((2, 3), ">f4"))
    save("i8_big.npy", count((2, 3), ">i8"))
    save("fortran.npy", np.asfortranarray(count((2, 3, 4), "<f8")))
    save("version2.npy", count((2, 3), "<i4"), (2, 0))
    save("version3.npy", count((2, 3), "<i4"), (3, 0))
    save("scalar.npy", count((), "<f8"))
    save("vector.npy", count((5,), "<f4"))
    save("empty.npy", count((0, 4), "<f4"))
    with open(os.path.join(folder, "f4.npy"), "rb") as f:
        with open(os.path.join(folder, "f4.npy.gz"), "wb") as out:
            out.write(gzip.compress(f.read(), mtime=0))
    arrays = {name: stored(name, dtype) for name, dtype in stored_types()}
    for name, array in arrays.items():
        if name != "bf16":
            save(f"stored_{name}.npy", array)
        if name not in ("bf16", "i8"):
            save(f"stored_{name}_big.npy", array.astype(array.dtype.newbyteorder(">")))
    save("stored_fortran.npy", np.asfortranarray(arrays["i16"]))
    save_file(arrays, os.path.join(folder, "stored.safetensors"))
    tensors = {name: count((2, 3), dtype) for name, dtype in
               [("f32", "<f4"), ("f64", "<f8"), ("i32", "<i4"), ("i64", "<i8"), ("u8", "u1"), ("bool", "?")]}
    tensors['quote"back\\slash\nline\u00e9\U0001F600'] = count((3,), "<f4")
    tensors["scalar"] = count((), "<f4")
    save_file(tensors, os.path.join(folder, "tensors.safetensors"), metadata={"format": "np", "note": 'a "b" \\ \n \u20ac'})


def verify(folder):
    path = os.path.join(folder, "written.safetensors")
    tensors = load_file(path)
    assert sorted(tensors) == sorted(["layers.0.weight", 'a "quoted" \\ name', "new\nline\ttab\x01",
                                      "\u00e9\u20ac\U0001F600", "last"]), sorted(tensors)
    for i, (name, dtype) in enumerate([("layers.0.weight", "bool"), ('a "quoted" \\ name', "float32"),
                                       ("new\nline\ttab\x01", "int64"), ("\u00e9\u20ac\U0001F600", "float64"), ("last", "uint8")]):
        a = tensors[name]
        assert a.dtype == dtype and a.shape == (() if i == 4 else (1, 3, 1)), (name, a)
        assert a.tobytes() == bytes([max(i, 1)]) * a.nbytes, (name, a)
    with safe_open(path, "np") as f:
        assert f.metadata() == {"format": "descent", 'k"\n': "v\\\x1f\u00e9"}, f.metadata()
    a = np.load(os.path.join(folder, "back.npy"))
    assert a.dtype == bool and a.shape == () and a, a
    print("numpy and safetensors read what was written")


{"make": make, "verify": verify}[sys.argv[1]](sys.argv[2])
