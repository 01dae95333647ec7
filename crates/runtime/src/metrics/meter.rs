//! The metrics that Temporal's SDK keeps of itself, recorded beside all others. Their names are those of its documentation:
//! they begin with `temporal_`, and times are in seconds.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Key, Label, Level, Metadata, with_recorder};
use temporalio_common::telemetry::metrics::{
    CoreMeter, Counter, CounterBase, Gauge, GaugeBase, GaugeF64, GaugeF64Base, Histogram,
    HistogramBase, HistogramDuration, HistogramDurationBase, HistogramF64, HistogramF64Base,
    MetricAttributable, MetricAttributes, MetricParameters, NewAttributes, UpDownCounter,
    UpDownCounterBase,
};

static METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// Makes instruments for the SDK.
#[derive(Debug)]
pub(super) struct Meter;

/// An instrument without its labels.
struct Instrument {
    name: String,
}

/// An instrument with its labels.
struct Labelled<T>(T);

impl Instrument {
    fn new(parameters: MetricParameters) -> Arc<Self> {
        let name = parameters.name.into_owned();
        Arc::new(Self { name })
    }

    fn of_durations(parameters: MetricParameters) -> Arc<Self> {
        let name = format!("{}_seconds", parameters.name);
        Arc::new(Self { name })
    }

    fn key(&self, attributes: &MetricAttributes) -> Key {
        let labels = labels(attributes)
            .map(|labels| {
                labels
                    .iter()
                    .map(|(name, value)| Label::new(name.clone(), value.clone()))
                    .collect::<Vec<_>>()
            })
            .unwrap_or_default();
        Key::from_parts(self.name.clone(), labels)
    }
}

fn labels(attributes: &MetricAttributes) -> Option<&HashMap<String, String>> {
    match attributes {
        MetricAttributes::NoOp(labels) => Some(labels),
        _ => None,
    }
}

impl CoreMeter for Meter {
    fn new_attributes(&self, attributes: NewAttributes) -> MetricAttributes {
        MetricAttributes::NoOp(Arc::new(attributes.into()))
    }

    fn extend_attributes(
        &self,
        existing: MetricAttributes,
        attributes: NewAttributes,
    ) -> MetricAttributes {
        let mut all = labels(&existing).cloned().unwrap_or_default();
        all.extend(HashMap::from(attributes));
        MetricAttributes::NoOp(Arc::new(all))
    }

    fn counter(&self, parameters: MetricParameters) -> Counter {
        Counter::new(Instrument::new(parameters))
    }

    fn histogram(&self, parameters: MetricParameters) -> Histogram {
        Histogram::new(Instrument::new(parameters))
    }

    fn histogram_f64(&self, parameters: MetricParameters) -> HistogramF64 {
        HistogramF64::new(Instrument::new(parameters))
    }

    fn histogram_duration(&self, parameters: MetricParameters) -> HistogramDuration {
        HistogramDuration::new(Instrument::of_durations(parameters))
    }

    fn gauge(&self, parameters: MetricParameters) -> Gauge {
        Gauge::new(Instrument::new(parameters))
    }

    fn gauge_f64(&self, parameters: MetricParameters) -> GaugeF64 {
        GaugeF64::new(Instrument::new(parameters))
    }

    fn up_down_counter(&self, parameters: MetricParameters) -> UpDownCounter {
        UpDownCounter::new(Instrument::new(parameters))
    }
}

/// An instrument with labels, as the trait of the SDK that is asked for.
macro_rules! attributable {
    ($base:ident, $register:ident) => {
        impl MetricAttributable<Box<dyn $base>> for Instrument {
            fn with_attributes(
                &self,
                attributes: &MetricAttributes,
            ) -> Result<Box<dyn $base>, Box<dyn Error>> {
                let key = self.key(attributes);
                let registered = with_recorder(|recorder| recorder.$register(&key, &METADATA));
                Ok(Box::new(Labelled(registered)))
            }
        }
    };
}

attributable!(CounterBase, register_counter);
attributable!(HistogramBase, register_histogram);
attributable!(HistogramF64Base, register_histogram);
attributable!(HistogramDurationBase, register_histogram);
attributable!(GaugeBase, register_gauge);
attributable!(GaugeF64Base, register_gauge);
attributable!(UpDownCounterBase, register_gauge);

impl CounterBase for Labelled<metrics::Counter> {
    fn adds(&self, value: u64) {
        self.0.increment(value);
    }
}

impl HistogramBase for Labelled<metrics::Histogram> {
    fn records(&self, value: u64) {
        self.0.record(value as f64);
    }
}

impl HistogramF64Base for Labelled<metrics::Histogram> {
    fn records(&self, value: f64) {
        self.0.record(value);
    }
}

impl HistogramDurationBase for Labelled<metrics::Histogram> {
    fn records(&self, value: Duration) {
        self.0.record(value.as_secs_f64());
    }
}

impl GaugeBase for Labelled<metrics::Gauge> {
    fn records(&self, value: u64) {
        self.0.set(value as f64);
    }
}

impl GaugeF64Base for Labelled<metrics::Gauge> {
    fn records(&self, value: f64) {
        self.0.set(value);
    }
}

impl UpDownCounterBase for Labelled<metrics::Gauge> {
    fn adds(&self, value: i64) {
        self.0.increment(value as f64);
    }
}
