class TensorReplay: pass
