/* ---- tables ---- */

static const dsc_trainer_program towns_initialize_program = {
    .arena_bytes = towns_initialize_arena_bytes,
    .run = towns_initialize_run,
};

static const dsc_trainer_program towns_train15_program = {
    .arena_bytes = towns_train15_arena_bytes,
    .run = towns_train15_run,
};

static const dsc_trainer_program towns_train10_program = {
    .arena_bytes = towns_train10_arena_bytes,
    .run = towns_train10_run,
};

static const dsc_trainer_program towns_evaluate1000_program = {
    .arena_bytes = towns_evaluate1000_arena_bytes,
    .run = towns_evaluate1000_run,
};

static const dsc_trainer_program towns_evaluate32_program = {
    .arena_bytes = towns_evaluate32_arena_bytes,
    .run = towns_evaluate32_run,
};

static const dsc_trainer_program towns_evaluate1_program = {
    .arena_bytes = towns_evaluate1_arena_bytes,
    .run = towns_evaluate1_run,
};

static const dsc_trainer_batch towns_batches[2] = {
    {.program = &towns_train15_program, .batch = 15, .shuffled = 1, .checksum = "0123456789abcdef"},
    {.program = &towns_train10_program, .batch = 10, .shuffled = 1, .checksum = "0123456789abcdef"},
};

static const dsc_trainer_block towns_evaluate[3] = {
    {.program = &towns_evaluate1000_program, .rows = 1000},
    {.program = &towns_evaluate32_program, .rows = 32},
    {.program = &towns_evaluate1_program, .rows = 1},
};

static const dsc_trainer_tensor towns_parameters[6] = {
    {.name = "parameters.0.weight", .dtype = DSC_F32, .rank = 2, .shape = {2, 40}},
    {.name = "parameters.0.bias", .dtype = DSC_F32, .rank = 1, .shape = {40}},
    {.name = "parameters.1.weight", .dtype = DSC_F32, .rank = 2, .shape = {40, 17}},
    {.name = "parameters.1.bias", .dtype = DSC_F32, .rank = 1, .shape = {17}},
    {.name = "parameters.2.weight", .dtype = DSC_F32, .rank = 2, .shape = {17, 3}},
    {.name = "parameters.2.bias", .dtype = DSC_F32, .rank = 1, .shape = {3}},
};

static const dsc_trainer_tensor towns_state[12] = {
    {.name = "optimizer.m.0.weight", .dtype = DSC_F32, .rank = 2, .shape = {2, 40}},
    {.name = "optimizer.m.0.bias", .dtype = DSC_F32, .rank = 1, .shape = {40}},
    {.name = "optimizer.m.1.weight", .dtype = DSC_F32, .rank = 2, .shape = {40, 17}},
    {.name = "optimizer.m.1.bias", .dtype = DSC_F32, .rank = 1, .shape = {17}},
    {.name = "optimizer.m.2.weight", .dtype = DSC_F32, .rank = 2, .shape = {17, 3}},
    {.name = "optimizer.m.2.bias", .dtype = DSC_F32, .rank = 1, .shape = {3}},
    {.name = "optimizer.v.0.weight", .dtype = DSC_F32, .rank = 2, .shape = {2, 40}},
    {.name = "optimizer.v.0.bias", .dtype = DSC_F32, .rank = 1, .shape = {40}},
    {.name = "optimizer.v.1.weight", .dtype = DSC_F32, .rank = 2, .shape = {40, 17}},
    {.name = "optimizer.v.1.bias", .dtype = DSC_F32, .rank = 1, .shape = {17}},
    {.name = "optimizer.v.2.weight", .dtype = DSC_F32, .rank = 2, .shape = {17, 3}},
    {.name = "optimizer.v.2.bias", .dtype = DSC_F32, .rank = 1, .shape = {3}},
};

static const dsc_csv_column towns_data_skipped[1] = {
    {.index = 2},
};

static const char *const towns_data_labels0[2] = {
    "Bern",
    "Z\303\274rich",
};

static const char *const towns_data_labels1[3] = {
    "low",
    "middle",
    "high",
};

static const dsc_csv_category towns_data_categories[2] = {
    {.column = {.name = "city"}, .labels = towns_data_labels0, .count = 2},
    {.column = {.name = "class"}, .labels = towns_data_labels1, .count = 3},
};

static const dsc_csv_options towns_data_csv = {
    .header = DSC_CSV_HEADER_DETECT,
    .separator = ';',
    .dtype = DSC_F32,
    .target = DSC_CSV_TARGET_NAME,
    .target_name = "class",
    .target_dtype = DSC_F32,
    .decimal = ',',
    .missing = DSC_CSV_MISSING_DROPPED,
    .skipped = towns_data_skipped,
    .skipped_count = 1,
    .categories = towns_data_categories,
    .category_count = 2,
};

static const dsc_data_step towns_data_steps[2] = {
    {.kind = DSC_STEP_PREFIX, .count = 50},
    {.kind = DSC_STEP_SPLIT, .fraction = 0.2, .seed = UINT64_C(3), .part = DSC_PART_TRAINING},
};

static const dsc_data_source towns_data = {
    .origin = DSC_ORIGIN_CSV,
    .inputs = "data/table.csv",
    .csv = &towns_data_csv,
    .steps = towns_data_steps,
    .step_count = 2,
    .classes = 3,
    .input = {.name = "inputs", .dtype = DSC_F32, .rank = 2, .shape = {0, 2}},
    .target = {.name = "targets", .dtype = DSC_I32, .rank = 1, .shape = {0}},
};

static const dsc_csv_column towns_validation_skipped[1] = {
    {.index = 2},
};

static const char *const towns_validation_labels0[2] = {
    "Bern",
    "Z\303\274rich",
};

static const char *const towns_validation_labels1[3] = {
    "low",
    "middle",
    "high",
};

static const dsc_csv_category towns_validation_categories[2] = {
    {.column = {.name = "city"}, .labels = towns_validation_labels0, .count = 2},
    {.column = {.name = "class"}, .labels = towns_validation_labels1, .count = 3},
};

static const dsc_csv_options towns_validation_csv = {
    .header = DSC_CSV_HEADER_DETECT,
    .separator = ';',
    .dtype = DSC_F32,
    .target = DSC_CSV_TARGET_NAME,
    .target_name = "class",
    .target_dtype = DSC_F32,
    .decimal = ',',
    .missing = DSC_CSV_MISSING_DROPPED,
    .skipped = towns_validation_skipped,
    .skipped_count = 1,
    .categories = towns_validation_categories,
    .category_count = 2,
};

static const dsc_data_step towns_validation_steps[2] = {
    {.kind = DSC_STEP_PREFIX, .count = 50},
    {.kind = DSC_STEP_SPLIT, .fraction = 0.2, .seed = UINT64_C(3), .part = DSC_PART_HELD_OUT},
};

static const dsc_data_source towns_validation = {
    .origin = DSC_ORIGIN_CSV,
    .inputs = "data/table.csv",
    .csv = &towns_validation_csv,
    .steps = towns_validation_steps,
    .step_count = 2,
    .classes = 3,
    .input = {.name = "inputs", .dtype = DSC_F32, .rank = 2, .shape = {0, 2}},
    .target = {.name = "targets", .dtype = DSC_I32, .rank = 1, .shape = {0}},
};

static const dsc_trainer towns_trainer = {
    .version = "0.2.0",
    .metric = "accuracy",
    .initialize = &towns_initialize_program,
    .batches = towns_batches,
    .batch_count = 2,
    .evaluate = towns_evaluate,
    .evaluate_count = 3,
    .parameters = towns_parameters,
    .parameter_count = 6,
    .state = towns_state,
    .state_count = 12,
    .data = &towns_data,
    .validation = &towns_validation,
    .carried = 1,
    .steps_per_epoch = 1,
    .stopping = {.patience = 3, .tolerance = 0.001, .gradient_norm = -1.0, .keeps_best = 1},
    .optimizer = "Adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-08, weightDecay: 0.0)",
    .learning_rate = "0.01",
    .own_rate = 0.01,
    .rate = 0.01,
    .constant_rate = 1,
    .epochs = 5,
    .steps = 40,
    .seed = 2,
};

int main(int argc, char **argv) { return dsc_trainer_main(&towns_trainer, argc, argv); }
