using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;
using Mfn.Server.Calls;
using Request = Grpc.Reflection.V1.ServerReflectionRequest.MessageRequestOneofCase;

namespace Mfn.Server.Reflection;

/// <summary>The standard reflection protocol, over the <see cref="ServiceCatalog"/>.</summary>
internal sealed class ReflectionService(ServiceCatalog catalog, RequestReader reader, ResponseWriter writer) : ServerReflection.ServerReflectionBase
{
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream, IServerStreamWriter<ServerReflectionResponse> responseStream, ServerCallContext context)
    {
        while (await reader.MoveNextAsync(requestStream, context))
        {
            await writer.WriteAsync(responseStream, Answer(requestStream.Current), context);
        }
    }

    private ServerReflectionResponse Answer(ServerReflectionRequest request)
    {
        var response = new ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        switch (request.MessageRequestCase)
        {
            case Request.ListServices:
                response.ListServicesResponse = new ListServiceResponse
                {
                    Service = { catalog.Services.Select(name => new ServiceResponse { Name = name }) },
                };
                break;
            case Request.FileByFilename:
                Describe(catalog.FindFile(request.FileByFilename), $"file '{request.FileByFilename}'");
                break;
            case Request.FileContainingSymbol:
                Describe(catalog.FindFileOfSymbol(request.FileContainingSymbol), $"symbol '{request.FileContainingSymbol}'");
                break;
            case Request.FileContainingExtension:
                Describe(null, $"extension {request.FileContainingExtension.ExtensionNumber} of '{request.FileContainingExtension.ContainingType}'");
                break;
            case Request.AllExtensionNumbersOfType when catalog.FindFileOfSymbol(request.AllExtensionNumbersOfType) is not null:
                response.AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = request.AllExtensionNumbersOfType };
                break;
            case Request.AllExtensionNumbersOfType:
                Describe(null, $"message '{request.AllExtensionNumbersOfType}'");
                break;
            default:
                Refuse(StatusCode.InvalidArgument, "The request asks for nothing that this server knows.");
                break;
        }

        return response;

        void Describe(FileDescriptor? file, string sought)
        {
            if (file is null)
            {
                Refuse(StatusCode.NotFound, $"The server has no {sought}.");
                return;
            }

            response.FileDescriptorResponse = new FileDescriptorResponse
            {
                FileDescriptorProto = { WithDependencies(file).Select(each => each.SerializedData) },
            };
        }

        void Refuse(StatusCode code, string message) =>
            response.ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = message };
    }

    private static HashSet<FileDescriptor> WithDependencies(FileDescriptor file)
    {
        var files = new HashSet<FileDescriptor>();
        Add(file);
        return files;

        void Add(FileDescriptor next)
        {
            if (files.Add(next))
            {
                foreach (var dependency in next.Dependencies)
                {
                    Add(dependency);
                }
            }
        }
    }
}
