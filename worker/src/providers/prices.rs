use domain::money::Money;
use domain::output::TokenUsage;
pub struct Price;
impl Price {
    pub fn cost(&self, _u: TokenUsage) -> Money {
        Money::ZERO
    }
}
