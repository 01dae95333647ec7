//! Means, intervals, bootstraps and clusters beside their references.

use domain::statistics::bootstrap::{Bounds, Statistic, bootstrap};
use domain::statistics::cluster::clustered;
use domain::statistics::distribution::{student_quantile, student_two_sided};
use domain::statistics::sample::Sample;
use domain::statistics::wilson;
use serde_json::Value;

use crate::{Largest, cases, list, number, numbers, pair};

const FILE: &str = "statistics.json";

fn sample(value: &Value) -> Sample {
    Sample::new(numbers(value)).unwrap()
}

#[test]
fn means_and_their_intervals_are_those_of_scipy() {
    let cases = cases(FILE);
    let mut moments = Largest::of("mean, median, deviation, standard error");
    let mut intervals = Largest::of("Student's interval");
    for case in list(&cases["samples"]) {
        let sample = sample(&case["values"]);
        let ours = [
            ("mean", sample.mean()),
            ("median", sample.median()),
            ("standard_deviation", sample.standard_deviation().unwrap()),
            ("standard_error", sample.standard_error().unwrap()),
        ];
        for (figure, ours) in ours {
            moments.see(ours, number(&case[figure]), &case["name"]);
        }
        let ours = sample.student_interval().unwrap();
        intervals.see_pair(ours, pair(&case["student"]), &case["name"]);
    }
    moments.must_be_below(1e-9);
    intervals.must_be_below(1e-9);
}

#[test]
fn intervals_of_proportions_are_those_of_statsmodels() {
    let cases = cases(FILE);
    let mut largest = Largest::of("Wilson's interval");
    for case in list(&cases["wilson"]) {
        let ours = wilson(
            case["trues"].as_u64().unwrap(),
            case["count"].as_u64().unwrap(),
        );
        largest.see_pair(ours.unwrap(), pair(&case["interval"]), case);
    }
    largest.must_be_below(1e-9);
}

#[test]
fn students_distribution_is_that_of_scipy_from_one_to_a_million_degrees_of_freedom() {
    let cases = cases(FILE);
    let mut quantiles = Largest::of("quantiles of Student's t");
    for case in list(&cases["quantiles"]) {
        let ours = student_quantile(number(&case["p"]), number(&case["df"])).unwrap();
        quantiles.see(ours, number(&case["t"]), case);
    }
    quantiles.must_be_below(1e-9);
    let mut tails = Largest::of("tails of Student's t");
    let mut relative = Largest::of("tails of Student's t, relatively");
    for case in list(&cases["tails"]) {
        let ours = student_two_sided(number(&case["t"]), number(&case["df"]));
        tails.see(ours, number(&case["p"]), case);
        relative.see(ours / number(&case["p"]), 1.0, case);
    }
    tails.must_be_below(1e-9);
    relative.must_be_below(1e-9);
}

#[test]
fn bootstraps_of_the_same_draws_are_those_of_scipy() {
    let cases = cases(FILE);
    let mut percentile = Largest::of("percentile bootstrap");
    let mut bca = Largest::of("BCa bootstrap");
    for case in list(&cases["bootstraps"]) {
        let samples = list(&cases["samples"]);
        let values = samples.iter().find(|sample| sample["name"] == case["name"]);
        let statistic = match case["statistic"].as_str() {
            Some("mean") => Statistic::Mean,
            _ => Statistic::Median,
        };
        let resamples = case["resamples"].as_u64().unwrap() as usize;
        let seed = case["seed"].as_u64().unwrap();
        let sample = sample(&values.unwrap()["values"]);
        let ours = bootstrap(&sample, statistic, resamples, seed).unwrap();
        percentile.see_pair(
            ends(ours.percentile),
            pair(&case["percentile"]),
            &case["name"],
        );
        bca.see_pair(ends(ours.bca.unwrap()), pair(&case["bca"]), &case["name"]);
    }
    percentile.must_be_below(1e-9);
    bca.must_be_below(1e-9);
}

#[test]
fn clustered_errors_are_those_of_statsmodels() {
    let cases = cases(FILE);
    let mut largest = Largest::of("clustered standard error and interval");
    for case in list(&cases["clustered"]) {
        let keys: Vec<u64> = list(&case["keys"])
            .iter()
            .filter_map(Value::as_u64)
            .collect();
        let ours = clustered(&sample(&case["values"]), &keys).unwrap();
        assert_eq!(ours.clusters, case["clusters"].as_u64().unwrap());
        largest.see(
            ours.standard_error,
            number(&case["standard_error"]),
            &"error",
        );
        largest.see_pair((ours.low, ours.high), pair(&case["interval"]), &"interval");
    }
    largest.must_be_below(1e-9);
}

fn ends(bounds: Bounds) -> (f64, f64) {
    (bounds.low, bounds.high)
}
