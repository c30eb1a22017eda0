# Estimate the two headline models of moves anew with fixest, from the published sample.
# Run from the project's folder: Rscript examples/reestimate.R [file]. Prints model, term, estimate
# and the standard error clustered by origin and destination. No code of the project is used.

library(fixest)

arguments <- commandArgs(trailingOnly = TRUE)
path <- if (length(arguments)) arguments[1] else "data/processed/model_sample_gravity.csv"
sample <- read.csv(path)
pair <- c("log_distance", "border", "former_common_region")
conditions <- c(
  "size", "rank", "wage", "housing_price_over_wage", "floor_space_per_person", "unemployment"
)
models <- list(
  gravity_pairs = list(terms = pair, effects = "origin_year + destination_year"),
  choice_main = list(terms = c(pair, conditions), effects = "origin_year")
)

cat("model,term,estimate,se_two_way\n")
for (name in names(models)) {
  model <- models[[name]]
  formula <- as.formula(
    paste("persons ~", paste(model$terms, collapse = " + "), "|", model$effects)
  )
  fitted <- fepois(
    formula,
    data = sample[sample$model == name, ],
    cluster = ~ origin + destination,
    glm.tol = 1e-10
  )
  for (term in model$terms) {
    cat(sprintf("%s,%s,%.10f,%.10f\n", name, term, coef(fitted)[[term]], se(fitted)[[term]]))
  }
}
