import evolution.ApiClient;
import evolution.ApiException;
import evolution.api.DatasetsApi;
import evolution.api.DiscoveryApi;
import evolution.api.ExperimentsApi;
import evolution.api.ResultsApi;
import evolution.api.SchedulesApi;
import evolution.api.WorkflowsApi;
import evolution.model.*;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Calls every operation of the service through a generated client, and prints the ids of those that did as they should.
 *
 * <p>The package `evolution` is what openapi-generator makes of the service's document:
 *
 * <pre>java Drive http://127.0.0.1:7890</pre>
 */
public class Drive {
  static final long DEADLINE_MS = 60_000;
  static final int ITEMS = 20;

  final String base;
  final ExperimentsApi experiments;
  final ResultsApi results;
  final DatasetsApi datasets;
  final SchedulesApi schedules;
  final WorkflowsApi workflows;
  final DiscoveryApi discovery;

  Drive(String base) {
    this.base = base;
    ApiClient client = client();
    experiments = new ExperimentsApi(client);
    results = new ResultsApi(client);
    datasets = new DatasetsApi(client);
    schedules = new SchedulesApi(client);
    workflows = new WorkflowsApi(client);
    discovery = new DiscoveryApi(client);
  }

  ApiClient client() {
    ApiClient client = new ApiClient();
    client.updateBaseUri(base);
    return client;
  }

  public static void main(String[] arguments) throws Exception {
    Drive drive = new Drive(arguments[0]);
    String id = drive.create();
    drive.follow(id);
    drive.read(id);
    drive.upload();
    drive.again(id);
    drive.over(id);
    drive.schedule();
    drive.discover();
  }

  String create() throws Exception {
    Experiment experiment = experiments.createExperiment(body(), null, "java-" + System.nanoTime());
    called("create_experiment");
    return experiment.getId();
  }

  /** Every second answer is right. */
  CreateExperiment body() {
    List<DatasetItem> items =
        IntStream.range(0, ITEMS)
            .mapToObj(
                index ->
                    new DatasetItem()
                        .id(String.valueOf(index))
                        .putInputItem("prompt", index + " + 0")
                        .expected(String.valueOf(index))
                        .output(index % 2 == 0 ? String.valueOf(index) : "no idea")
                        .addTagsItem("sum"))
            .toList();
    DatasetConfigInline dataset =
        new DatasetConfigInline().type(DatasetConfigInline.TypeEnum.INLINE).items(items);
    AdapterConfigRecorded adapter =
        new AdapterConfigRecorded().type(AdapterConfigRecorded.TypeEnum.RECORDED);
    return new CreateExperiment()
        .experimentName("by a generated Java client")
        .config(
            new ExperimentConfig()
                .dataset(new DatasetConfig(dataset))
                .adapter(new AdapterConfig(adapter))
                .addModelsItem(new ModelConfig().name("recorded"))
                .addScorersItem(exactMatch()));
  }

  ScorerConfig exactMatch() {
    return new ScorerConfig(
        new ScorerConfigExactMatch().type(ScorerConfigExactMatch.TypeEnum.EXACT_MATCH));
  }

  void follow(String id) throws Exception {
    long deadline = System.currentTimeMillis() + DEADLINE_MS;
    for (; ; ) {
      Experiment experiment = experiments.getExperiment(id, "10s", null);
      if (experiment.getStatus() == Status.COMPLETED) {
        equal(experiment.getModels().get(0).getItemsDone(), (long) ITEMS);
        break;
      }
      equal(experiment.getStatus(), Status.RUNNING);
      check(System.currentTimeMillis() < deadline, experiment);
    }
    called("get_experiment");
    watch(id);
  }

  /** Events come as they happen to whoever takes the answer before the client reads it as one JSON value. */
  void watch(String id) throws Exception {
    List<String> lines = new ArrayList<>();
    ApiClient client = client();
    client.setResponseInterceptor(
        answer -> new BufferedReader(new InputStreamReader(answer.body())).lines().forEach(lines::add));
    new ExperimentsApi(client).watchExperiment(id, null);
    check(lines.stream().anyMatch(line -> line.contains("\"status\":\"completed\"")), lines);
    called("watch_experiment");
  }

  void read(String id) throws Exception {
    ScorerSummary exact = results.getSummary(id).getModels().get(0).getScorers().get(0);
    equal(exact.getCount(), (long) ITEMS);
    check(Math.abs(exact.getMean() - 0.5) < 1e-9, exact);
    called("get_summary");
    Breakdown broken = results.getBreakdown(id, null, "topic", 200, null);
    check(broken.getEstimates().get(0).getBootstrap().getPercentile().getLow() < 0.5, broken);
    called("get_breakdown");

    List<ModelResult> seen = new ArrayList<>();
    String token = null;
    do {
      ResultList page = results.listResults(id, 7, token, null, ItemState.OK, null, null, null, null);
      check(page.getComplete(), page);
      seen.addAll(page.getResults());
      token = page.getNextPageToken();
    } while (token != null);
    equal(seen.size(), ITEMS);
    equal(seen.get(1).getResult().getItem().getInput().get("prompt"), "1 + 0");
    equal(seen.get(1).getResult().getScores().get(0).getName(), "exact_match");
    called("list_results");
    equal(results.getItemResults(id, "1").getResults(), List.of(seen.get(1)));
    called("get_item_results");
    equal(experiments.getExperimentConfig(id).getModels().get(0).getName(), "recorded");
    called("get_experiment_config");

    // One run alone cannot be compared; two that are equal are tied.
    refused("invalid", () -> results.getComparison(List.of(id), null, null));
    String again = create();
    follow(again);
    Difference difference =
        results.getComparison(List.of(id, again), null, null).getDifferences().get(0);
    check(difference.getStatisticallyTied() && difference.getTies() == ITEMS, difference);
    called("get_comparison");

    ExperimentList listed = experiments.listExperiments(100, null, null, null, null, null, null, null, null, null);
    check(!listed.getExperiments().isEmpty(), listed);
    called("list_experiments");
    equal(experiments.countExperiments(null, null, "java", null, null, null).getTotal(), 0L);
    called("count_experiments");
    Workflow workflow = workflows.getWorkflow(id);
    equal(workflow.getWorkflowType(), "ExperimentWorkflow");
    called("get_workflow");
    int events = workflows.getWorkflowHistory(id, null, null).getEvents().size();
    equal((long) events, workflow.getHistoryLength());
    called("get_workflow_history");
    equal(experiments.cancelExperiment(id).getStatus(), Status.COMPLETED);
    called("cancel_experiment");
  }

  void upload() throws Exception {
    String name = "java-" + System.nanoTime();
    byte[] content = "{\"id\": \"1\", \"input\": {}}\n".getBytes(StandardCharsets.UTF_8);
    String sha256 =
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    CreateDataset announcement =
        new CreateDataset()
            .name(name)
            .format(FileFormat.JSONL)
            .bytes((long) content.length)
            .sha256(sha256);
    check(!datasets.createDataset(announcement).getComplete(), announcement);
    called("create_dataset");
    // What is sent as it is, not as JSON, is given to the request itself.
    ApiClient client = client();
    client.setRequestInterceptor(
        request -> request.method("PATCH", HttpRequest.BodyPublishers.ofByteArray(content)));
    DatasetVersion uploaded =
        new DatasetsApi(client).uploadDatasetPart(name, sha256, 0L, null);
    check(uploaded.getComplete(), uploaded);
    called("upload_dataset_part");
    equal(datasets.getDatasetVersion(name, sha256), uploaded);
    called("get_dataset_version");
    equal(datasets.listDatasetVersions(name).getVersions(), List.of(uploaded));
    called("list_dataset_versions");
    List<DatasetRow> rows = datasets.getDatasetSample(name, 1, null).getRows();
    check(rows.size() == 1 && rows.get(0).getRow().get("id").equals("1"), rows);
    called("get_dataset_sample");
    check(datasets.listDatasets(null, null).getDatasets().contains(uploaded), uploaded);
    called("list_datasets");
  }

  void again(String id) throws Exception {
    RetryChanges changes = new RetryChanges().retry(new RetryConfig().maximumAttempts(2));
    equal(experiments.retryExperiment(id, new RetryExperiment().config(changes)).getId(), id);
    follow(id);
    called("retry_experiment");
    RescoreExperiment scorers = new RescoreExperiment().addScorersItem(exactMatch());
    equal(experiments.rescoreExperiment(id, scorers).getId(), id);
    follow(id);
    called("rescore_experiment");

    equal(experiments.emitExperiment(id, new EmitExperiment()).getModels().get(0).getRound(), 2);
    follow(id);
    called("emit_experiment");
    Ledger ledger = results.getLedger(id, null, null, null);
    check(ledger.getComplete() && ledger.getEntries().size() == ITEMS, ledger);
    called("get_ledger");
  }

  /** To what has ended nothing can be said any more, and to end it changes nothing. */
  void over(String id) throws Exception {
    refused("ended", () -> experiments.pauseExperiment(id, new PauseExperiment().reason("a look")));
    called("pause_experiment");
    refused("ended", () -> experiments.resumeExperiment(id));
    called("resume_experiment");
    refused("ended", () -> experiments.changeLimits(id, new LimitsChange().concurrencyLimit(3)));
    called("change_limits");
    Experiment ended =
        experiments.terminateExperiment(id, new TerminateExperiment().reason("done"));
    equal(ended.getStatus(), Status.COMPLETED);
    called("terminate_experiment");
  }

  void schedule() throws Exception {
    CreateExperiment experiment = body();
    String id = "java-" + System.nanoTime();
    ScheduleSpec spec = new ScheduleSpec().addCronItem("0 3 1 1 *").timeZone("Europe/Berlin");
    Schedule created =
        schedules.createSchedule(
            new CreateSchedule()
                .scheduleId(id)
                .experimentName(experiment.getExperimentName())
                .config(experiment.getConfig())
                .spec(spec),
            null);
    equal(created.getId(), id);
    called("create_schedule");
    UpdateSchedule change = new UpdateSchedule().overlapPolicy(OverlapPolicy.BUFFER_ALL);
    equal(schedules.updateSchedule(id, change).getOverlapPolicy(), OverlapPolicy.BUFFER_ALL);
    called("update_schedule");
    equal(schedules.pauseSchedule(id, new NoteSchedule().note("lunch")).getNote(), "lunch");
    called("pause_schedule");
    equal(schedules.resumeSchedule(id, new NoteSchedule()).getPaused(), false);
    called("resume_schedule");
    equal(schedules.triggerSchedule(id, new TriggerSchedule()).getId(), id);
    called("trigger_schedule");
    BackfillSchedule days =
        new BackfillSchedule()
            .startTime(OffsetDateTime.parse("2024-01-01T00:00:00Z"))
            .endTime(OffsetDateTime.parse("2024-01-02T00:00:00Z"));
    equal(schedules.backfillSchedule(id, days).getId(), id);
    called("backfill_schedule");
    equal(schedules.getSchedule(id).getSpec().getTimeZone(), "Europe/Berlin");
    called("get_schedule");
    check(!schedules.listSchedules(100, null).getSchedules().isEmpty(), created);
    called("list_schedules");
    schedules.deleteSchedule(id);
    called("delete_schedule");
  }

  void discover() throws Exception {
    equal(discovery.listScorers().getScorers().get(0).getName(), "exact_match");
    called("list_scorers");
    equal(discovery.listAdapters().getAdapters().get(0).getName(), "recorded");
    called("list_adapters");
    check(discovery.listProviders().getTaskQueue().getLive(), "a worker is there");
    called("list_providers");
    check(discovery.listWebhooks().getWebhooks().isEmpty(), "no webhook is set up");
    called("list_webhooks");
    refused("not_found", () -> discovery.testWebhook("java"));
    called("test_webhook");
    check(!discovery.getTaskQueue("nobody").getLive(), "nobody is there");
    called("get_task_queue");
  }

  interface Call {
    Object run() throws ApiException;
  }

  /** Expects a problem document of this code. */
  static void refused(String code, Call call) throws ApiException {
    try {
      throw new AssertionError(call.run());
    } catch (ApiException problem) {
      check(problem.getResponseBody().contains("\"code\":\"" + code + "\""), problem);
    }
  }

  static void called(String operation) {
    System.out.println("called " + operation);
  }

  static void equal(Object value, Object expected) {
    check(value.equals(expected), value + " is not " + expected);
  }

  static void check(boolean holds, Object what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
