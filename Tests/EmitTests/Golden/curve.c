/* ---- tables ---- */

static const dsc_trainer_tensor descent_constants[1] = {
    {.name = "constant0", .dtype = DSC_F32, .rank = 2, .shape = {200, 1}},
};

static const dsc_trainer_program descent_initialize_program = {
    .arena_bytes = descent_initialize_arena_bytes,
    .run = descent_initialize_run,
};

static const int32_t descent_train_constants[1] = {0};

static const dsc_trainer_program descent_train_program = {
    .arena_bytes = descent_train_arena_bytes,
    .run = descent_train_run,
    .constants = descent_train_constants,
    .constant_count = 1,
};

static const dsc_trainer_batch descent_batches[1] = {
    {.program = &descent_train_program, .batch = 200, .checksum = "0123456789abcdef"},
};

static const dsc_trainer_tensor descent_parameters[6] = {
    {.name = "parameters.0.weight", .dtype = DSC_F32, .rank = 2, .shape = {1, 10}},
    {.name = "parameters.0.bias", .dtype = DSC_F32, .rank = 1, .shape = {10}},
    {.name = "parameters.1.weight", .dtype = DSC_F32, .rank = 2, .shape = {10, 10}},
    {.name = "parameters.1.bias", .dtype = DSC_F32, .rank = 1, .shape = {10}},
    {.name = "parameters.2.weight", .dtype = DSC_F32, .rank = 2, .shape = {10, 1}},
    {.name = "parameters.2.bias", .dtype = DSC_F32, .rank = 1, .shape = {1}},
};

static const dsc_trainer_tensor descent_state[7] = {
    {.name = "optimizer.momentum.0.weight", .dtype = DSC_F32, .rank = 2, .shape = {1, 10}},
    {.name = "optimizer.momentum.0.bias", .dtype = DSC_F32, .rank = 1, .shape = {10}},
    {.name = "optimizer.momentum.1.weight", .dtype = DSC_F32, .rank = 2, .shape = {10, 10}},
    {.name = "optimizer.momentum.1.bias", .dtype = DSC_F32, .rank = 1, .shape = {10}},
    {.name = "optimizer.momentum.2.weight", .dtype = DSC_F32, .rank = 2, .shape = {10, 1}},
    {.name = "optimizer.momentum.2.bias", .dtype = DSC_F32, .rank = 1, .shape = {1}},
    {.name = "gradientNorm", .dtype = DSC_F64, .rank = 0},
};

static const dsc_data_source descent_data = {
    .origin = DSC_ORIGIN_NPY,
    .inputs = "data/inputs.npy",
    .targets = "data/targets.npy",
    .input = {.name = "inputs", .dtype = DSC_F32, .rank = 2, .shape = {0, 1}},
    .target = {.name = "targets", .dtype = DSC_F32, .rank = 2, .shape = {0, 1}},
};

static const dsc_trainer descent_trainer = {
    .version = "0.2.0",
    .initialize = &descent_initialize_program,
    .batches = descent_batches,
    .batch_count = 1,
    .parameters = descent_parameters,
    .parameter_count = 6,
    .state = descent_state,
    .state_count = 7,
    .constants_file = "data/constants.safetensors",
    .constants_checksum = "c10f8c77c65e0018",
    .constants = descent_constants,
    .constant_count = 1,
    .data = &descent_data,
    .carried = 1,
    .steps_per_epoch = 10,
    .stopping = {.patience = 0, .tolerance = -1.0, .gradient_norm = 0.001, .keeps_best = 0},
    .gradient_norm_state = 6,
    .optimizer = "SGD(momentum: 0.9, nesterov: false, weightDecay: 0.0)",
    .learning_rate = "0.05",
    .own_rate = 0.05,
    .rate = 0.05,
    .constant_rate = 1,
    .epochs = 50,
    .seed = -3,
    .threads = 2,
};

int main(int argc, char **argv) { return dsc_trainer_main(&descent_trainer, argc, argv); }
