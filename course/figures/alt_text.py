"""What each figure says, for those who hear the page; also the description inside the SVG."""

ALT_TEXT: dict[str, str] = {
    "rnn_unrolled": (
        "One RNN cell is drawn at steps 0, 1 and T_x-1. At each step t it takes x[:, :, t] from "
        "below and the hidden state of the step before from the left, and gives y_pred[:, :, t] "
        "above and a[:, :, t] to the right; a0 starts the chain. One belt of parameters, Wax, Waa, "
        "Wya, ba and by, runs through all the cells: every step uses the same ones."
    ),
    "rnn_cell": (
        "One forward step of the RNN cell. Waa @ a_prev from the left, Wax @ xt from below and the "
        "bias ba meet in a sum; tanh turns it into a_next of shape (n_a, m). a_next leaves to the "
        "right for step t+1, and a branch of it goes up through Wya, by and softmax to yt_pred of "
        "shape (n_y, m)."
    ),
    "lstm_cell": (
        "One forward step of the LSTM cell. a_prev is stacked on xt, and the stack feeds the "
        "forget gate ft, the update gate it, the candidate cct and the output gate ot. c_prev "
        "times ft plus it times cct gives c_next; tanh of c_next times ot gives a_next, and "
        "softmax(Wy @ a_next + by) gives yt_pred."
    ),
    "lstm_unrolled": (
        "One LSTM cell is drawn at steps 0, 1 and T_x-1. Two states pass from each cell to the "
        "next: the cell state c, a thick line that starts from zeros, and the hidden state a, a "
        "thinner line that starts from a0. Each step reads x[:, :, t] and predicts y[:, :, t], and "
        "one belt of parameters runs through all the cells."
    ),
    "rnn_cell_backward": (
        "One backward step of the RNN cell, from right to left. da[:, :, t] from the output at "
        "step t and da_carried from step t+1 are added into da_next, which is multiplied by "
        "1 - a_next**2 to give dz. Products of dz with Waa.T and Wax.T give da_prev and dxt; "
        "products with xt.T and a_prev.T give dWax and dWaa; the sum over the m examples is dba."
    ),
    "lstm_cell_backward": (
        "One backward step of the LSTM cell, from right to left. da_next is da[:, :, t] plus "
        "da_carried; times ot and 1 - tanh(c_next)**2 it joins dc_carried to make dc. dc times ft "
        "is dc_prev, and dc also feeds the forget gate, the update gate and the candidate, while "
        "da_next feeds the output gate. The four gradients dz give da_prev and dxt through the "
        "transposed columns of W, and the gradients of all weights and biases."
    ),
    "gradient_flow": (
        "The gradient from the output at the last step travels back over five steps. In the RNN "
        "every step multiplies it by Waa.T and the slope of tanh: in the example 100, 60, 36, 22, "
        "then 13 percent are left, and the arrows grow thin. In the LSTM the gradient of c is "
        "multiplied by ft only: 100, 95, 90, 86 and 81 percent are left, and the arrows stay "
        "thick."
    ),
    "stacked_product": (
        "Matrices drawn to scale. Forward, W of shape (n_a, n_a + n_x) times a_prev stacked on xt "
        "is W[:, :n_a] @ a_prev plus W[:, n_a:] @ xt, so W is cut between columns. Backward, "
        "da_prev is W[:, :n_a].T @ dz and dxt is W[:, n_a:].T @ dz."
    ),
}
