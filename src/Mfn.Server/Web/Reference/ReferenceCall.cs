using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Mfn.Server.Calls;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web.Reference;

/// <summary>A call by the reference's API: its JSON goes in and comes out, and what is wrong is told as FastAPI does.</summary>
internal sealed class ReferenceCall(HttpContext context, ReferenceEndpoint endpoint, RestServices services) : RestCall(context, endpoint.Rule, [], services)
{
    private static readonly JsonWriterOptions AsPython = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string? _contentType = context.Request.ContentType;
    private IMessage? _request;
    private (int Status, ReadOnlyMemory<byte> Json)? _fault;

    /// <summary>Makes the JSON of an error that is one sentence.</summary>
    public static ReadOnlyMemory<byte> Detail(string message) => Json(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("detail"u8, message);
        writer.WriteEndObject();
    });

    protected override IMessage ReadMessage(ReadOnlySequence<byte> body)
    {
        var problems = new BodyProblems();
        try
        {
            _request = IsJson ? Read(body, problems) : null;
        }
        catch (PythonJsonException fault)
        {
            _fault = (StatusCodes.Status422UnprocessableEntity, Json(writer => BodyProblems.Write(writer, fault)));
            throw CallRefusedException.Unreadable($"The body cannot be read as JSON: {fault.Message}");
        }
        catch (ReferenceFaultException fault) when (fault.Status == StatusCodes.Status413PayloadTooLarge)
        {
            throw TooLarge();
        }
        catch (ReferenceFaultException fault)
        {
            _fault = (fault.Status, Detail(fault.Message));
            throw CallRefusedException.Unreadable(fault.Message);
        }

        if (!IsJson)
        {
            // To FastAPI it is one value, and no object.
            problems.Add(body.IsEmpty ? BodyProblemKind.Missing : BodyProblemKind.NotObject, null);
        }

        if (!problems.IsEmpty)
        {
            _fault = (StatusCodes.Status422UnprocessableEntity, Json(problems.Write));
            throw problems.ToException();
        }

        return _request!;
    }

    protected override Task AnswerAsync(IMessage answer) => RestAnswer.WriteAsync(Context, StatusCodes.Status200OK, ContentTypes.Json, Json(writer =>
    {
        writer.WriteStartObject();
        endpoint.Write(writer, _request!, answer);
        writer.WriteEndObject();
    }));

    protected override Task RefuseAsync(int httpStatus, RichStatus status)
    {
        if (_fault is var (faultStatus, json))
        {
            return RestAnswer.WriteAsync(Context, faultStatus, ContentTypes.Json, json);
        }

        // A limit of this server that is lower than the reference's.
        var problems = new BodyProblems();
        foreach (var violation in status.Details.Where(detail => detail.Is(BadRequest.Descriptor)).SelectMany(detail => detail.Unpack<BadRequest>().FieldViolations))
        {
            problems.Add(BodyProblemKind.Refused, violation.Description, endpoint.MemberOf(violation.Field));
        }

        return status.Code == (int)StatusCode.InvalidArgument && !problems.IsEmpty
            ? RestAnswer.WriteAsync(Context, StatusCodes.Status422UnprocessableEntity, ContentTypes.Json, Json(problems.Write))
            : RestAnswer.RefuseAsync(Context, httpStatus, status, Detail(status.Message));
    }

    // What has no type is taken for JSON.
    private bool IsJson => _contentType is null or "" or ContentTypes.Json || (
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(_contentType, out var type)
        && type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
        && (type.SubType.Equals("json", StringComparison.OrdinalIgnoreCase) || type.SubType.EndsWith("+json", StringComparison.OrdinalIgnoreCase)));

    private IMessage Read(ReadOnlySequence<byte> body, BodyProblems problems) =>
        endpoint.Read(body.IsSingleSegment ? body.FirstSpan : body.ToArray(), Limit, problems);

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, AsPython))
        {
            write(writer);
        }

        return json.WrittenMemory;
    }
}
