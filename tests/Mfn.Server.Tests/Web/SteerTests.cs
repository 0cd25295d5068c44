using System.Net;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Web;

/// <summary>Commands by REST, one a request.</summary>
public sealed class SteerTests
{
    /// <summary>A command by its id takes effect once, however often it is sent; its refusal is that of the request.</summary>
    [Fact]
    public async Task Steer_IsIdempotent()
    {
        await using var server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");
        using var rest = new RestClient(server.WebUrl!);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 100 }, Paused = true })).Run;
        var path = $"/v1/runs/{run.RunId}:steer";

        var first = await SteerAsync(rest, path, """{"command": {"command_id": "a", "add_potential": {"region": {"row": 1, "column": 1, "rows": 1, "columns": 1}, "millivolts": 1}}}""");
        var again = await SteerAsync(rest, path, """{"command": {"command_id": "a", "add_potential": {"region": {"row": 1, "column": 1, "rows": 1, "columns": 1}, "millivolts": 1}}}""");
        var other = await SteerAsync(rest, path, """{"command": {"command_id": "a", "pause": {}}}""");
        var wrong = await SteerAsync(rest, path, """{"command": {"command_id": "b", "take_steps": {"steps": 0}}}""");
        var unknown = await SteerAsync(rest, "/v1/runs/none:steer", """{"command": {"command_id": "b", "pause": {}}}""");

        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.Equal(new SteerRunResponse { CommandId = "a", Applied = new Applied { Revision = 1 } }, JsonParser.Default.Parse<SteerRunResponse>(first.Body));
        Assert.Equal(new SteerRunResponse { CommandId = "a", Applied = new Applied { Revision = 1, AlreadyApplied = true } }, JsonParser.Default.Parse<SteerRunResponse>(again.Body));
        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.BadRequest, HttpStatusCode.NotFound), (other.Status, wrong.Status, unknown.Status));
        Assert.Contains("take_steps.steps", wrong.Body, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> SteerAsync(RestClient rest, string path, string json)
    {
        var (response, body) = await rest.SendAsync("POST", path, json);
        using (response)
        {
            return (response.StatusCode, body);
        }
    }
}
