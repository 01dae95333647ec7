//! What an experiment may take, as far as it can be told before it is started: its cost by the prices that workers have
//! announced.

use std::collections::BTreeMap;

use domain::config::ExperimentConfig;
use domain::estimate::{Bounds, CostBounds, Estimate, ModelEstimate};
use domain::price::Price;
use evaluation::estimate::Tally;

use crate::error::ApiError;
use crate::state::AppState;

pub(super) mod uploaded;

/// Prices by provider and model.
type Prices = BTreeMap<(String, String), Price>;

pub(super) async fn of(
    state: &AppState,
    config: &ExperimentConfig,
    tally: &Tally,
) -> Result<Estimate, ApiError> {
    let prices = prices(state).await?;
    let mut models = tally.outputs(config);
    for (estimate, model) in models.iter_mut().zip(&config.models) {
        let adapter = config.adapter_of(model);
        let asked = adapter.and_then(|adapter| {
            let name = adapter.model().unwrap_or(&model.name);
            Some((adapter.provider()?.to_owned(), name.to_owned()))
        });
        let price = asked.and_then(|asked| prices.get(&asked));
        estimate.cost = cost(estimate, price);
    }
    let sum = |bounds: &mut dyn Iterator<Item = Bounds>| bounds.fold(none(), Bounds::plus);
    let costs: Option<Vec<CostBounds>> = models.iter().map(|model| model.cost).collect();
    Ok(Estimate {
        calls: sum(&mut models.iter().map(|model| model.calls)),
        scorer_calls: tally.scorer_calls(config),
        cost: costs.and_then(|costs| costs.into_iter().reduce(CostBounds::plus)),
        models,
    })
}

fn none() -> Bounds {
    Bounds::attempted(0, 0)
}

/// What is not called costs nothing.
fn cost(estimate: &ModelEstimate, price: Option<&Price>) -> Option<CostBounds> {
    if estimate.calls == none() {
        let nothing = domain::money::Money::ZERO;
        return Some(CostBounds {
            least: nothing,
            most: Some(nothing),
        });
    }
    let (input, output) = estimate.input_tokens.zip(estimate.output_tokens)?;
    price.map(|price| CostBounds::of(input, output, price))
}

async fn prices(state: &AppState) -> Result<Prices, ApiError> {
    let mut prices = Prices::new();
    for (equipment, _) in state.store.equipments(state.workflows.task_queue()).await? {
        for provider in equipment.providers {
            for (model, price) in provider.prices {
                // The latest announcement comes first, and holds.
                prices
                    .entry((provider.name.clone(), model))
                    .or_insert(price);
            }
        }
    }
    Ok(prices)
}
