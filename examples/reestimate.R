# Estimate the headline models of moves and of places anew with R, from the published samples.
# Run from the project's folder: Rscript examples/reestimate.R [moves file] [places file]. Prints
# model, term, estimate and the standard error clustered by origin and destination (moves, package
# fixest) or by old oblast (places, no package needed). No code of the project is used.

arguments <- commandArgs(trailingOnly = TRUE)
moves <- if (length(arguments)) arguments[1] else "data/processed/model_sample_gravity.csv"
places <- if (length(arguments) > 1) arguments[2] else "data/processed/model_sample_between_core.csv"
pair <- c("log_distance", "border", "former_common_region")
conditions <- c(
  "size", "rank", "wage", "housing_price_over_wage", "floor_space_per_person", "unemployment"
)
models <- list(
  gravity_pairs = list(terms = pair, effects = "origin_year + destination_year"),
  choice_main = list(terms = c(pair, conditions), effects = "origin_year")
)

show_row <- function(model, term, estimate, error) {
  cat(sprintf("%s,%s,%.10f,%.10f\n", model, term, estimate, error))
}

cat("model,term,estimate,se\n")
if (requireNamespace("fixest", quietly = TRUE)) {
  sample <- read.csv(moves)
  for (name in names(models)) {
    model <- models[[name]]
    formula <- as.formula(
      paste("persons ~", paste(model$terms, collapse = " + "), "|", model$effects)
    )
    fitted <- fixest::fepois(
      formula,
      data = sample[sample$model == name, ],
      cluster = ~ origin + destination,
      glm.tol = 1e-10
    )
    for (term in model$terms) {
      show_row(name, term, coef(fitted)[[term]], fixest::se(fitted)[[term]])
    }
  }
} else {
  message("The package fixest is not installed: the models of moves are left out.")
}

# The hybrid (Mundlak) model: of each condition the mean of the place (..._between) and what a year
# departs from it (..._within), and a level of each year; plain least squares. "region" is the
# oblast as it was before 2018.
sample <- read.csv(places)
hybrid <- grep("_(within|between)$", names(sample), value = TRUE)
formula <- reformulate(c(hybrid, "factor(year)"), response = "net_migration_per_1000")
fitted <- lm(formula, data = sample)
columns <- model.matrix(fitted)
scores <- rowsum(columns * residuals(fitted), sample$region)
bread <- chol2inv(qr.R(fitted$qr))
rows <- nrow(columns)
factor <- nrow(scores) / (nrow(scores) - 1) * (rows - 1) / (rows - ncol(columns))
error <- sqrt(factor * diag(bread %*% crossprod(scores) %*% bread))
names(error) <- colnames(columns)
for (term in hybrid) {
  show_row("between_core", term, coef(fitted)[[term]], error[[term]])
}
