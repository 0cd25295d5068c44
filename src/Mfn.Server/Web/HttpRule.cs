using Google.Protobuf.Reflection;
using Mfn.Contracts.V1;

namespace Mfn.Server.Web;

/// <summary>How a method of the contracts is called over HTTP, as its <c>google.api.http</c> option says.</summary>
/// <param name="Verb">Of HTTP, such as <c>GET</c>.</param>
/// <param name="Path">The form of its paths.</param>
/// <param name="Body">What the body brings: <c>*</c> for the fields that the path does not, one field's name for an upload, nothing if the query brings all.</param>
/// <param name="Method">The method.</param>
internal sealed record HttpRule(string Verb, PathTemplate Path, string Body, MethodDescriptor Method)
{
    /// <summary>The path of a gRPC call of the method.</summary>
    public string GrpcPath { get; } = $"/{Method.Service.FullName}/{Method.Name}";

    /// <summary>Whether there is a body.</summary>
    public bool HasBody => Body.Length > 0;

    /// <summary>Whether the body is a file, which is sent on in many messages, and the query brings the fields of the first.</summary>
    public bool IsUpload => Body is not ("" or "*");

    /// <summary>What a body is.</summary>
    public string BodyType => !IsUpload ? ContentTypes.Json : Method.InputType == ImportRunRequest.Descriptor ? ContentTypes.Bytes : ContentTypes.Npy;

    /// <summary>The numbers that an answer brings, if they can be had alone.</summary>
    public ArrayKind Array { get; } = Method.OutputType.Name switch
    {
        nameof(SimulateResponse) or nameof(WatchRunResponse) => ArrayKind.Field,
        nameof(AggregateResponse) or nameof(AggregateStreamResponse) => ArrayKind.Vector,
        _ => ArrayKind.None,
    };

    /// <summary>The bytes of each answer, if they are all that it has: parts of something.</summary>
    public FieldDescriptor? Chunk { get; } = Method.OutputType.Fields.InDeclarationOrder() is [{ FieldType: FieldType.Bytes, IsRepeated: false } only] ? only : null;

    /// <summary>What each answer has to go on after it; null if there is nothing.</summary>
    public FieldDescriptor? Token { get; } = Method.OutputType.FindFieldByName("token");

    /// <summary>Whether it takes one message and brings one.</summary>
    public bool IsUnary => !Method.IsClientStreaming && !Method.IsServerStreaming;

    /// <summary>Whether a request has one answer: also one that takes many messages brings one for one, as a steered run does for a command.</summary>
    public bool HasOneAnswer => !Method.IsServerStreaming || Method.InputType == SteerRunRequest.Descriptor;
}
